"""A person goes through everything that there is, is erased, and then looked for (SECURITY F3)."""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as site
from django.contrib.auth import get_user_model
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Invitation, TermsAcceptance
from idp_site.logs import Formatter
from mfa.models import AuthenticatorApp
from oauth import cleanup
from oauth.models import Client, ClientSession
from ostiary import erasure, event_chain, events, outbox, privacy, receipts
from ostiary.models import Erasure
from tests.accounts import flow, helping
from tests.accounts.conftest import make_operator, quick_hashes  # noqa: F401  (a fixture)
from tests.kept import kept, tables
from tests.mfa import flow as mfa_flow
from tests.mfa import texting
from tests.oauth import flow as oauth_flow
from tests.oauth.conftest import (
    API,
    SIGNS_PEOPLE_IN,
    make_client,
    put_signing_keys,
    scope_of_an_api,  # noqa: F401  (a fixture)
)
from tests.oauth.far_end import far_end
from tests.oauth.test_device import decide, poll, start
from tests.operators import desk_of
from tests.passkeys import flow as passkeys_flow
from tests.passkeys.authenticator import Authenticator

pytestmark = [
    pytest.mark.django_db,
    *(pytest.mark.needs(app) for app in ("accounts", "oauth", "mfa", "passkeys")),
]

FIRST, SECOND = "first-zqx81@mark.example", "second-zqx82@mark.example"
IP, AGENT = "198.51.100.177", "Agent-zqx84/1.0"
CLAIMS = {
    "name": "Name-zqxaa",
    "given_name": "Given-zqxab",
    "family_name": "Family-zqxac",
    "middle_name": "Middle-zqxad",
    "nickname": "Nick-zqxae",
    "preferred_username": "Display-zqxaf",
    "picture": "https://mark.example/picture-zqxag",
    "profile": "https://mark.example/profile-zqxah",
    "website": "https://mark.example/site-zqxai",
    "gender": "Gender-zqxaj",
    "birthdate": "1987-06-05",
    "street_address": "Street-zqxak",
    "postal_code": "Code-zqxal",
    "locality": "Town-zqxam",
    "region": "Region-zqxan",
}
NAMES = {"passkey": "Key-zqx85", "app": "App-zqx86", "reason": "Ticket-zqx87", "own": "Own-zqx88"}


@pytest.fixture(autouse=True)
def site_that_has_it_all(settings, monkeypatch):
    settings.OSTIARY_MFA = texting.SETTINGS
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    monkeypatch.setattr(outbox, "_publish", lambda message_id: None)
    texting.sent.clear()
    yield
    privacy._people.clear()


@pytest.fixture
def log():
    """What the site writes to its log, at its most talkative, as it is written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


def new_browser() -> Browser:
    """A browser of the person, at their address."""
    return Browser(headers={"user-agent": AGENT}, REMOTE_ADDR=IP)


def ways_to_write(value: str) -> dict[str, str]:
    """How the value may stand somewhere: as it is, encoded, or hashed without a key."""
    raw = value.encode()
    found = {
        "raw": value,
        "in a URL": quote(value, safe=""),
        "in hex": raw.hex(),
        **{name: hashlib.new(name, raw).hexdigest() for name in ("md5", "sha1", "sha256")},
    }
    for shift in range(3):  # in Base64, wherever in it the value begins
        text = base64.b64encode(b"\0" * shift + raw).decode()
        found[f"in Base64, {shift}"] = text[(0, 2, 3)[shift] + 2 : len(text) - 4]
    return {how: text.casefold() for how, text in found.items()}


def haystack(log: io.StringIO) -> dict[str, str]:
    """Everything that is kept: tables, sessions unpacked, caches, logs and files."""
    sessions = import_module(site.SESSION_ENGINE).SessionStore.get_model_class().objects.all()
    files = {
        str(path): path.read_bytes().decode("latin-1")
        for path in Path(site.VAR_DIR).rglob("*")
        # The database itself is read above. Django's tests keep mail in memory, so that the demo's
        # mailbox, which is a person's own copy of their mail, has nothing of theirs.
        if path.is_file() and "sqlite3" not in path.name and "static" not in path.parts
    }
    places = {
        "tables": tables(),
        "sessions": "\n".join(str(row.get_decoded()) for row in sessions),
        "caches": kept(),
        "logs": log.getvalue(),
        **files,
    }
    return {place: told.casefold() for place, told in places.items()}


def found(marks: dict[str, str], log: io.StringIO) -> list[str]:
    """Where which of the marked values stands, and how."""
    hay = haystack(log)
    return [
        f"{name} {how} in {place}: …{told[at - 60 : at + 80]}…"
        for name, value in marks.items()
        for how, text in ways_to_write(value).items()
        for place, told in hay.items()
        if (at := told.find(text)) >= 0
    ]


def live(receiver) -> dict[str, str]:
    """Go through every flow; returns what marks the person."""
    operator = make_operator("operator", is_superuser=True)
    browser = new_browser()
    flow.sign_up(browser, FIRST, name=CLAIMS["name"])
    person = get_user_model().objects.get(email=FIRST)
    Invitation.objects.create(
        email=FIRST, name=CLAIMS["name"], token_hash="x", expires_at=timezone.now()
    )
    TermsAcceptance.objects.create(user=person, version="1", accepted_at=timezone.now())
    flow.sign_in(new_browser(), FIRST, "wrong")
    flow.ask_for_account(new_browser(), FIRST)
    link = flow.recovery_link(FIRST)
    flow.recover(new_browser(), link, flow.PASSWORD)
    browser = new_browser()
    flow.sign_in(browser, FIRST)
    profile = {**CLAIMS, "country": "DE", "locale": "en", "zoneinfo": "Europe/Berlin"}
    assert browser.post("/account/profile/", profile).status_code == 302
    browser.post("/account/email/", {"email": SECOND})
    browser.get(flow.link_in([m for m in flow.delivered() if m.to == [SECOND]][-1]))
    browser.post("/account/email/confirm/")
    person.refresh_from_db()
    assert person.email == SECOND
    new_browser().post("/signin/email/", {"email": SECOND, "identifier": SECOND})

    texting.make_phone(person)
    by_phone = new_browser()
    by_phone.post(texting.CHALLENGE, {"code": texting.begin(by_phone, person)})
    assert flow.is_signed_in(by_phone)
    app = AuthenticatorApp.objects.create(
        user=person, name=NAMES["app"], key=AuthenticatorApp.new_key(), confirmed=True
    )
    mfa_flow.show_password(new_browser(), SECOND)  # begun, and never finished
    browser = new_browser()
    assert mfa_flow.show_password(browser, SECOND).url.startswith("/signin/second-step/")
    mfa_flow.enter(browser, "000000")
    browser.post(mfa_flow.CHALLENGE, {"code": mfa_flow.code_of(app), "trust": "on"})
    assert flow.is_signed_in(browser)
    passkey = Authenticator()
    passkeys_flow.send(
        browser,
        passkeys_flow.MANAGE,
        passkey.create(passkeys_flow.options(browser, passkeys_flow.MANAGE)),
        name=NAMES["passkey"],
    )
    browser.post("/account/security/recovery-codes/")

    client = make_client(
        name="Web",
        client_type=Client.CLIENT_CONFIDENTIAL,
        redirect_uris="https://rp.example/callback",
        metadata={"backchannel_logout_uri": f"{receiver.url}told"},
        **SIGNS_PEOPLE_IN,
    )
    tokens = oauth_flow.sign_in_tokens(browser, client, scope="openid email profile offline_access")
    oauth_flow.push(client, login_hint=SECOND)
    television = make_client(
        name="Television",
        client_type="public",
        grant_types=["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
        scopes=["openid", "offline_access"],
        audiences=[API],
    )
    started = start(television, scope="openid offline_access")
    decide(browser, started["user_code"], "allow")
    assert poll(television, started).status_code == 200
    make_client(
        name=NAMES["own"],
        user=person,
        contacts=[SECOND],
        client_type="public",
        redirect_uris="https://own.example/callback",
        registration_source=Client.RegistrationSource.SELF_SERVICE,
        **SIGNS_PEOPLE_IN,
    )
    helping.opened(operator, person, reason=NAMES["reason"], email="third-zqx89@mark.example")
    desk = desk_of(operator)
    desk.post(
        "/admin/ostiary_accounts/user/",
        {"action": "deactivate", "_selected_action": ["00000000-0000-7000-8000-000000000000"]},
    )
    flow.delivered()
    assert browser.post("/account/privacy/erase/").status_code == 302
    assert erasure.of(person)
    return {
        "first address": FIRST,
        "second address": SECOND,
        "third address": "third-zqx89@mark.example",
        "id": str(person.pk),
        "id without dashes": person.pk.hex,
        "number": texting.NUMBER,
        "number's digits": texting.NUMBER[3:],
        "IP address": IP,
        "browser": AGENT,
        "password": flow.PASSWORD,
        "refresh token": tokens["refresh_token"],
        **CLAIMS,
        **NAMES,
    }


def test_nothing_of_an_erased_person_is_found_anywhere(log):
    put_signing_keys()
    with far_end() as receiver:
        marks = live(receiver)
        event_chain.seal()
        before = {line.split(" in ")[0] for line in found(marks, log)}
        assert {"first address raw", "name raw", "IP address raw"} <= before, "the search finds"

        Erasure.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        assert erasure.run_due() == 1
        flow.delivered()
        cleanup.remove_client_sessions()
        event_chain.seal()

        assert receiver.asked, "the application was told"
    assert not ClientSession.objects.exists()
    left = found(marks, log)
    assert left == [], "\n".join(left)
    assert list(event_chain.verify()) == []
    about_somebody = events.Event.objects.exclude(subject="")
    assert all(events.personal_details(each) == {} for each in about_somebody)
    said = receipts.verify(Erasure.objects.get().receipt)
    assert re.search("zqx|mark.example", str(said)) is None
