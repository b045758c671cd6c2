"""The demo's people and clients, and how they are told."""

import base64
import io
import json
import re
import time
from urllib.parse import urlencode

import pyotp
import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client as Browser
from oauth2_provider.models import get_application_model

from idp_site import demo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


def credentials():
    out = io.StringIO()
    call_command("demo_credentials", "--json", stdout=out)
    return json.loads(out.getvalue())


def seed():
    call_command("seed_demo", stdout=io.StringIO())


def test_the_credentials_are_one_object_of_the_agreed_shape():
    found = credentials()
    assert list(found) == ["issuer", "people", "clients"]
    assert found["issuer"] == "http://localhost:8000"
    people = {person["email"]: person["password"] for person in found["people"]}
    assert people == dict.fromkeys(
        ("alice@example.com", "bob@example.com", "admin@example.com"),
        "correct horse battery staple",
    )
    clients = {client["name"]: client for client in found["clients"]}
    assert set(clients) == {"demo-web", "demo-spa", "demo-service", "demo-device"}
    assert all(client["client_id"] == name for name, client in clients.items())
    assert clients["demo-web"]["redirect_uris"][0] == "http://localhost:9000/callback"
    assert clients["demo-web"]["client_secret"]
    assert clients["demo-service"]["grant_types"] == ["client_credentials"]
    assert "redirect_uris" not in clients["demo-service"]
    assert "client_secret" not in clients["demo-spa"]


@pytest.mark.needs("mfa")
def test_the_authenticator_apps_of_bob_and_the_operator_have_the_keys_that_are_told():
    from mfa.models import AuthenticatorApp

    seed()
    seed()
    told = {p["email"]: p["totp_key"] for p in credentials()["people"] if "totp_key" in p}
    there = AuthenticatorApp.objects.select_related("user")
    assert {app.user.email: app.key_in_text() for app in there} == told
    assert set(told) == {"bob@example.com", "admin@example.com"}
    for app in there:
        assert app.verify_token(pyotp.TOTP(told[app.user.email]).now())


@pytest.mark.needs("mfa")
def test_in_words_the_codes_of_the_moment_are_told():
    seed()
    out = io.StringIO()
    call_command("demo_credentials", stdout=out)
    codes = set(re.findall(r"code (\d{6}) ", out.getvalue()))
    keys = [p["totp_key"] for p in credentials()["people"] if "totp_key" in p]
    now = int(time.time())
    assert codes <= {pyotp.TOTP(key).at(at) for key in keys for at in (now - 30, now)}
    assert len(codes) == 2


@pytest.mark.needs("accounts")
@pytest.mark.needs("mfa")
def test_the_operator_is_in_the_admin_site_by_password_and_code_alone():
    seed()
    [key] = [p["totp_key"] for p in credentials()["people"] if p["email"] == "admin@example.com"]
    browser = Browser()

    asked = browser.post(
        "/signin/?next=/admin/", {"identifier": "admin@example.com", "password": demo.PASSWORD}
    )
    answer = browser.post(asked.url, {"code": pyotp.TOTP(key).now()}, follow=True)

    assert answer.redirect_chain[-1][0] == "/admin/"
    assert answer.status_code == 200


def test_the_people_can_sign_in():
    seed()
    for email in ("alice@example.com", "bob@example.com", "admin@example.com"):
        assert authenticate(None, username=email, password=demo.PASSWORD) is not None
    admin = get_user_model().objects.get(email="admin@example.com")
    assert admin.is_staff
    assert admin.is_superuser
    assert not get_user_model().objects.get(email="alice@example.com").is_staff


def test_the_secrets_that_are_told_are_those_that_work():
    seed()
    for told in credentials()["clients"]:
        client = get_application_model().objects.get(client_id=told["client_id"])
        assert client.is_public == ("client_secret" not in told)
        if not client.is_public:
            assert client.check_secret(told["client_secret"])
        assert not client.first_party
        assert told["name"] in client.name


def test_seeding_again_changes_nothing_but_heals_the_password():
    seed()
    first = credentials()
    alice = get_user_model().objects.get(email="alice@example.com")
    alice.set_password("another long password")
    alice.given_name = "Alicia"
    alice.save()
    seed()
    assert credentials() == first
    assert get_user_model().objects.count() == 3
    assert get_application_model().objects.count() == 4
    alice.refresh_from_db()
    assert alice.given_name == "Alicia"
    assert alice.check_password(demo.PASSWORD)


def test_seeding_again_saves_no_client_that_is_as_it_should_be():
    """Or whoever starts the demo would wait for what changes nothing."""
    Client = get_application_model()
    seed()
    Client.objects.filter(client_id="demo-spa").update(redirect_uris="http://localhost:1/")
    before = dict(Client.objects.values_list("client_id", "updated"))
    seed()
    after = dict(Client.objects.values_list("client_id", "updated"))
    assert [name for name in after if after[name] != before[name]] == ["demo-spa"]
    assert "localhost:1/" not in Client.objects.get(client_id="demo-spa").redirect_uris


def test_seeding_can_tell_the_credentials_in_the_same_start():
    out = io.StringIO()
    call_command("seed_demo", "--json", stdout=out)
    assert json.loads(out.getvalue()) == credentials()


def test_outside_demo_mode_nothing_is_seeded(settings):
    settings.DEMO = False
    for command in ("seed_demo", "demo_credentials"):
        with pytest.raises(CommandError):
            call_command(command)
    assert not get_user_model().objects.exists()


@pytest.mark.needs("oauth")
@pytest.mark.parametrize(
    ("wanted", "mode"),
    [
        *(("code", mode) for mode in ("query", "fragment", "form_post", "jwt", "form_post.jwt")),
        *(("code id_token", mode) for mode in ("fragment", "form_post", "jwt", "form_post.jwt")),
    ],
)
def test_demo_web_may_push_prove_a_key_and_choose_how_it_is_answered(wanted, mode):
    from oauth import pkce

    seed()
    [web] = [client for client in credentials()["clients"] if client["name"] == "demo-web"]
    secret = f"{web['client_id']}:{web['client_secret']}"
    request = {
        "response_type": wanted,
        "nonce": "n-0S6_WzA2Mj",
        "response_mode": mode,
        "redirect_uri": "http://localhost:9000/callback",
        "scope": "openid offline_access",
        "code_challenge": pkce.challenge_of("v" * 43),
        "code_challenge_method": "S256",
        "dpop_jkt": "a" * 43,
    }

    pushed = Browser().post(
        "/oauth/par",
        urlencode(request),
        content_type="application/x-www-form-urlencoded",
        headers={"authorization": "Basic " + base64.b64encode(secret.encode()).decode()},
    )

    assert pushed.status_code == 201, pushed.content
