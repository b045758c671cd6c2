"""What browsers and password managers look up."""

import pytest

pytestmark = pytest.mark.django_db


def test_browsers_find_the_origins_that_share_our_passkeys(client, settings):
    android = "android:apk-key-hash:x"
    settings.OSTIARY_PASSKEYS = {"ORIGINS": ["https://www.example.com", android]}

    answer = client.get("/.well-known/webauthn")

    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {"origins": ["http://localhost:8000", "https://www.example.com"]}
    assert "Cookie" not in answer.get("Vary", "")


def test_password_managers_find_where_passkeys_are_made(client):
    manage = "http://localhost:8000/account/security/passkeys/"

    answer = client.get("/.well-known/passkey-endpoints")

    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {"enroll": manage, "manage": manage}


@pytest.mark.parametrize("path", ["/.well-known/webauthn", "/.well-known/passkey-endpoints"])
def test_they_are_only_looked_at(client, path):
    assert client.post(path).status_code == 405
