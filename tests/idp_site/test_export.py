"""A person who has gone through everything gets all of it, and nothing that lets anybody in."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model

from ostiary import exports, outbox, privacy_map
from ostiary.privacy_map import Mark
from tests.accounts import flow
from tests.idp_site.marked_person import SECOND, live
from tests.idp_site.test_forensic import site_that_has_it_all  # noqa: F401  (a fixture)
from tests.oauth.conftest import put_signing_keys, scope_of_an_api  # noqa: F401  (a fixture)
from tests.oauth.far_end import far_end
from tests.ostiary import zips
from tests.searching import ways_to_write

pytestmark = [
    pytest.mark.django_db,
    *(pytest.mark.needs(app) for app in ("accounts", "oauth", "mfa", "passkeys")),
]

NEVER = {
    "password",
    "refresh token",
    "key of the app",
    "key of the app in Base32",
}
"""What lets somebody in."""
WRITTEN_OTHERWISE = {"id without dashes"}

SECRET = "It lets somebody in, or would help to guess what does."
OF_A_VISITOR = "Somebody typed it who need not be the person; it goes within hours."
NOT_TOLD = {
    "auth.User.password": SECRET,
    "ostiary_accounts.User.password": SECRET,
    "ostiary_mfa.AuthenticatorApp.key": SECRET,
    "ostiary_oauth.RefreshToken.replay": SECRET,
    "ostiary.OutboxMessage.payload": SECRET,
    "ostiary.ExportChunk.data": "It is this copy, or the one before it.",
    "sessions.Session.session_data": SECRET + " What it is about stands among the sessions.",
    "ostiary_accounts.PendingRegistration.name": OF_A_VISITOR,
    "ostiary_accounts.PendingRegistration.password": SECRET,
    "ostiary_accounts.PendingRegistration.next_url": OF_A_VISITOR,
    "ostiary_accounts.MailedCode.context": OF_A_VISITOR,
    "ostiary_oauth.PushedRequest.parameters": "It is the application's, names no account, and "
    "ends within minutes.",
    "ostiary_oauth.InitialAccessToken.note": "An operator's words; it names no account.",
}
"""Fields that the map calls personal and a copy doesn't tell, each with the reason."""

TOLD = {
    "admin.LogEntry": {"object_repr": "row", "change_message": "changes"},
    "ostiary.Erasure": {"reason": "reason", "emails": "addresses"},
    "ostiary.Event": {"personal": "about_you"},
    "ostiary.Export": {
        "reason": "reason",
        "requested_at": "asked_for_at",
        "fetched_at": "last_fetched_at",
    },
    "ostiary.Session": {
        "amr": "authentication_methods",
        "ip_address": "address",
        "user_agent": "browser",
        "created_at": "signed_in_at",
    },
    "ostiary_accounts.MailedCode": {"address": "email"},
    "ostiary_accounts.RecoveryToken": {"next_url": "leads_to"},
    "ostiary_accounts.SupportCase": {"email": "new_email"},
    "ostiary_mfa.AuthenticatorApp": {"created_at": "added_at", "last_t": "last_code_of"},
    "ostiary_mfa.EmailDevice": {"created_at": "added_at"},
    "ostiary_mfa.Phone": {"created_at": "added_at", "ending": "number"},
    "ostiary_mfa.RecoveryCodes": {"created_at": "added_at"},
    "ostiary_mfa.TextMessage": {"ending": "number_ends_in"},
    "ostiary_mfa.TrustedDevice": {"user_agent": "browser", "created_at": "since"},
    "ostiary_oauth.AccessToken": {},
    "ostiary_oauth.Client": {"name": "application"},
    "ostiary_oauth.DeviceGrant": {"ip_address": "address"},
    "ostiary_oauth.Grant": {
        "auth_time": "authenticated_at",
        "acr": "assurance",
        "amr": "authentication_methods",
        "claims": "claims_asked_for",
    },
    "ostiary_passkeys.Credential": {"aaguid": "authenticator_model"},
}
"""What a personal field is called in the copy, where it isn't by its own name."""


@pytest.fixture
def copy():
    """Of the person who has done it all, with what marks them."""
    put_signing_keys()
    with far_end() as receiver:
        marks = live(receiver)
        person = get_user_model().objects.get(email=SECOND)
        asked = exports.request(person)
        outbox.deliver_due()
        flow.delivered()
    return zips.of(asked), marks


def test_all_of_the_person_is_in_it_and_nothing_that_lets_anybody_in(copy):
    opened, marks = copy
    opened.must_follow_its_schema()
    text = opened.texts["data.json"].casefold() + opened.page.casefold()
    told = plain(text)
    secrets = {what for what in marks if what in NEVER or what.startswith("session key")}
    given_away = [
        what for what in secrets if any(way in told for way in ways_to_write(marks[what]).values())
    ]
    assert given_away == []
    marked = {what: value for what, value in marks.items() if isinstance(value, str)}
    wanted = {*marked} - secrets - WRITTEN_OTHERWISE
    assert [what for what in wanted if plain(marked[what]) not in told] == []
    assert "pbkdf2" not in text
    assert "argon2" not in text
    data = opened.said["data"]
    assert set(data) == {
        *("ostiary", "ostiary_accounts", "ostiary_oauth", "ostiary_mfa", "ostiary_passkeys")
    }
    assert len(data["ostiary_passkeys"]["passkeys"][0]["credential_id"]) > 20
    # Nobody else: neither the operator who helped, nor what others are called by.
    assert "operator@example.com" not in text
    empty = {
        f"{app}.{name}" for app, sections in data.items() for name, of in sections.items() if not of
    }
    assert empty <= {
        # It went to an address that was given up: whose that is by now, nobody knows.
        "ostiary_accounts.invitations",
        "ostiary_accounts.imported_from",
        "ostiary_accounts.sign_ups_with_your_address",
        "ostiary_mfa.codes_sent",
        "ostiary_mfa.second_step_wanted",
        "ostiary.tries_with_your_address",
        # Of these only a mail provider knows.
        "ostiary.messages_sent",
        "ostiary.mail_that_came_back",
    }


def test_each_field_that_is_personal_is_told_or_there_is_a_reason(copy):
    opened, _ = copy
    properties = set(re.findall(r'"([a-z_]+)": ', opened.texts["schema.json"]))
    account = set(opened.said["data"]["ostiary"]["account"])
    missing = []
    for each in privacy_map.fields():
        label, name = each.model._meta.label, each.field.name
        if each.mark != Mark.PERSONAL or str(each) in NOT_TOLD:
            continue
        if each.model is get_user_model():
            told = name in account
        else:
            told = TOLD.get(label, {}).get(name, name) in properties
        if not told:
            missing.append(str(each))
    assert missing == []
    known = {str(each) for each in privacy_map.fields() if each.mark == Mark.PERSONAL}
    stale = {name for name in NOT_TOLD if name not in known and not name.startswith("auth.")}
    assert stale == set(), "a reason for what isn't there"


def plain(text: str) -> str:
    """Without what JSON, HTML and line ends do to it."""
    return re.sub(r"[\s\\]|&quot;|\"", "", text.casefold())
