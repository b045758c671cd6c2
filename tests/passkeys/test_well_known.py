"""What browsers and password managers look up."""

import base64

import pytest

from tests.passkeys import ceremony
from tests.passkeys.authenticator import Authenticator

pytestmark = pytest.mark.django_db

FINGERPRINT = ":".join(["0A", "B1", "C2", "FF"] * 8)


def test_browsers_find_the_origins_that_share_our_passkeys(client, settings):
    settings.OSTIARY_PASSKEYS = {
        "ORIGINS": ["https://www.example.com", f"android:apk-key-hash:{'A' * 43}"],
        "ANDROID_APPS": {"com.example.app": [FINGERPRINT]},
    }

    answer = client.get("/.well-known/webauthn")

    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {"origins": ["http://localhost:8000", "https://www.example.com"]}
    assert "Cookie" not in answer.get("Vary", "")


def test_password_managers_find_where_passkeys_are_made(client):
    manage = "http://localhost:8000/account/security/passkeys/"

    answer = client.get("/.well-known/passkey-endpoints")

    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {"enroll": manage, "manage": manage}


def test_android_finds_the_applications_that_belong_to_the_site(client, settings):
    settings.OSTIARY_PASSKEYS = {
        "ANDROID_APPS": {"com.example.app": [FINGERPRINT.lower(), FINGERPRINT], "com.example.b": []}
    }

    answer = client.get("/.well-known/assetlinks.json")

    assert answer["Content-Type"] == "application/json"
    first, _ = answer.json()
    assert first == {
        "relation": [
            "delegate_permission/common.handle_all_urls",
            "delegate_permission/common.get_login_creds",
        ],
        "target": {
            "namespace": "android_app",
            "package_name": "com.example.app",
            "sha256_cert_fingerprints": [FINGERPRINT, FINGERPRINT],
        },
    }


def test_an_android_application_uses_passkeys_as_its_certificate(person, settings):
    """The origin is what Android's documentation computes of the fingerprint (keycloak #23155)."""
    digest = bytes.fromhex(FINGERPRINT.replace(":", ""))
    told = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    passkey = Authenticator(origin=f"android:apk-key-hash:{told}")
    settings.OSTIARY_PASSKEYS = {"ANDROID_APPS": {"com.example.app": [FINGERPRINT]}}

    ceremony.register(person, passkey)

    assert ceremony.sign_in(passkey).user == person


def test_apples_systems_find_the_applications_that_belong_to_the_site(client, settings):
    settings.OSTIARY_PASSKEYS = {"APPLE_APPS": ["ABCDE12345.com.example.app"]}

    answer = client.get("/.well-known/apple-app-site-association")

    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {"webcredentials": {"apps": ["ABCDE12345.com.example.app"]}}


@pytest.mark.parametrize("path", ["assetlinks.json", "apple-app-site-association"])
def test_where_no_application_belongs_to_the_site_nothing_is_there(client, path):
    assert client.get(f"/.well-known/{path}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/webauthn",
        "/.well-known/passkey-endpoints",
        "/.well-known/assetlinks.json",
        "/.well-known/apple-app-site-association",
    ],
)
def test_they_are_only_looked_at(client, path):
    assert client.post(path).status_code == 405
