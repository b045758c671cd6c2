"""A person whose every value is marked, so that it is found wherever it stands."""

from __future__ import annotations

from base64 import b32encode
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Invitation, ProfilePicture, TermsAcceptance
from mfa.models import AuthenticatorApp, RemovedPhone
from mfa.sms import numbers
from oauth.models import Client
from ostiary import erasure, exports, mail
from ostiary.models import Export, FactorReset, Session
from passkeys.models import Credential, UserHandle
from tests.accounts import flow, helping
from tests.accounts.conftest import make_operator
from tests.accounts.drawing import drawing
from tests.mfa import flow as mfa_flow
from tests.mfa import texting
from tests.oauth import flow as oauth_flow
from tests.oauth.conftest import API, SIGNS_PEOPLE_IN, make_client
from tests.oauth.test_device import decide, poll, start
from tests.operators import desk_of
from tests.passkeys import flow as passkeys_flow
from tests.passkeys.authenticator import Authenticator

FIRST, SECOND = "first-zqx81@mark.example", "second-zqx82@mark.example"
THIRD, FOURTH = "third-zqx89@mark.example", "fourth-zqx90@mark.example"
IP, AGENT = "198.51.100.177", "Agent-zqx84/1.0"
CLAIMS = {
    "name": "Name-zqxaa",
    "given_name": "Given-zqxab",
    "family_name": "Family-zqxac",
    "middle_name": "Middle-zqxad",
    "nickname": 'Nick "zqxae" Ñandú',
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


def new_browser() -> Browser:
    """A browser of the person, at their address."""
    return Browser(headers={"user-agent": AGENT}, REMOTE_ADDR=IP)


def live(receiver: Any) -> dict[str, str | bytes]:
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
    get_user_model().objects.filter(pk=person.pk).update(picture=CLAIMS["picture"])
    assert browser.post("/account/picture/", {"picture": drawing()}).status_code == 302
    picture = ProfilePicture.objects.get()
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
    )
    named = Credential.objects.get(user=person)
    browser.post(f"/account/security/passkeys/{named.pk}/", {"name": NAMES["passkey"]})
    browser.post("/account/security/recovery-codes/")

    client = make_client(
        name="Web",
        client_type=Client.CLIENT_CONFIDENTIAL,
        redirect_uris="https://rp.example/callback",
        metadata={
            "backchannel_logout_uri": f"{receiver.url}told",
            "security_event_uri": f"{receiver.url}told",
        },
        **SIGNS_PEOPLE_IN,
    )
    tokens = oauth_flow.sign_in_tokens(browser, client, scope="openid email profile offline_access")
    oauth_flow.push(client, login_hint=SECOND)
    pairwise = make_client(
        name="Pairwise",
        client_type=Client.CLIENT_CONFIDENTIAL,
        redirect_uris="https://pairwise.example/callback",
        subject_type="pairwise",
        **SIGNS_PEOPLE_IN,
    )
    other_tokens = oauth_flow.sign_in_tokens(browser, pairwise, scope="openid")
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
    helping.opened(operator, person, reason=NAMES["reason"], email=THIRD)
    FactorReset.objects.create(
        user=person,
        permission="ostiary_mfa.reset_factors",
        reason=NAMES["reason"],
        requested_by=operator,
        expires_at=timezone.now(),
    )
    RemovedPhone.objects.create(user=person, number_hash=numbers.hashes(texting.NUMBER)[0])
    desk = desk_of(operator)
    desk.post(
        "/admin/ostiary_accounts/user/",
        {"action": "deactivate", "_selected_action": ["00000000-0000-7000-8000-000000000000"]},
    )
    for row, words in ((Invitation.objects.get(), FIRST), (person, SECOND)):
        LogEntry.objects.create(
            user=operator,
            content_type=ContentType.objects.get_for_model(row),
            object_id=row.pk,
            object_repr=words,
            action_flag=CHANGE,
        )
    browser.post("/account/email/", {"email": FOURTH})
    flow.delivered()
    for address in (FIRST, THIRD, FOURTH):  # waits still, and doesn't say to whom it goes
        mail.send_email(address, "ostiary/mail/erased", {"receipt": ""})
    assert browser.post("/account/privacy/export/").status_code == 302
    assert exports.collect(Export.objects.get().pk)
    assert browser.post("/account/privacy/erase/").status_code == 302
    assert erasure.of(person)
    sessions = Session.objects.filter(user=person)
    kept_key = Credential.objects.get(user=person)
    return {
        "first address": FIRST,
        "second address": SECOND,
        "third address": THIRD,
        "fourth address": FOURTH,
        "id": str(person.pk),
        "id without dashes": person.pk.hex,
        "id in bytes": person.pk.bytes,
        "pairwise sub": oauth_flow.said_by(other_tokens["id_token"])["sub"],
        "number": texting.NUMBER,
        "number's digits": texting.NUMBER[3:],
        "IP address": IP,
        "browser": AGENT,
        "password": flow.PASSWORD,
        "refresh token": tokens["refresh_token"],
        "user handle": bytes(UserHandle.objects.get(user=person).handle),
        "credential": bytes(kept_key.credential_id),
        "key of the passkey": bytes(kept_key.public_key),
        "key of the app": app.key,
        "picture's address": picture.key,
        "picture": bytes(picture.image),
        "key of the app in Base32": b32encode(app.key).decode(),
        **{f"sid {n}": str(each.pk) for n, each in enumerate(sessions)},
        **{f"session key {n}": each.session_key for n, each in enumerate(sessions)},
        **CLAIMS,
        **NAMES,
    }
