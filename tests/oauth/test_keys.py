"""Signing keys: publication, rotation, withdrawal (SECURITY B12)."""

from datetime import timedelta

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from oauth import access_token, cleanup, keys
from oauth.models import SigningKey

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_keys(db):
    """Keys of this test's own database, not those that an earlier test left in memory."""
    keys.forget()
    yield
    keys.forget()


def published() -> set[str]:
    return {key["kid"] for key in Browser().get("/.well-known/jwks.json").json()["keys"]}


def token_for(client) -> str:
    return access_token.for_client(client, ["api:read"], [])


def test_the_first_use_makes_an_active_and_a_next_key_for_each_algorithm():
    keys.keyset()

    assert SigningKey.objects.filter(state="active").count() == 3
    assert SigningKey.objects.filter(state="next").count() == 3


def test_jwks_holds_public_members_only():
    for key in Browser().get("/.well-known/jwks.json").json()["keys"]:
        assert not set(key) & {"d", "p", "q", "dp", "dq", "qi", "k"}
        assert key["use"] == "sig"
        assert key["alg"] in ("RS256", "ES256", "EdDSA")


def test_private_keys_are_encrypted_at_rest():
    keys.keyset()
    key = SigningKey.objects.first()
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key FROM ostiary_oauth_signingkey")
        stored = [bytes(row[0]) for row in cursor.fetchall()]

    assert stored
    assert bytes(key.private_key) not in stored
    # A PKCS#8 key is a DER sequence, and that is how every unencrypted one would begin.
    assert not any(blob.startswith(b"\x30") for blob in stored)


def test_a_key_is_published_before_it_signs(service_client):
    before = published()

    signs_now = keys.rotate("ES256")

    assert signs_now.kid in before
    assert jwt.get_unverified_header(token_for(service_client))["kid"] == signs_now.kid


def test_a_retired_key_stays_published_until_its_last_token_has_expired(service_client):
    old = token_for(service_client)
    old_kid = jwt.get_unverified_header(old)["kid"]
    keys.rotate("ES256")

    cleanup.remove_retired_keys()
    assert old_kid in published()
    assert access_token.verify(old)["client_id"] == service_client.client_id

    SigningKey.objects.filter(kid=old_kid).update(
        retired_at=timezone.now() - cleanup.longest_token_lifetime() - timedelta(seconds=1)
    )
    cleanup.remove_retired_keys()
    assert old_kid not in published()


def test_a_stolen_key_is_refused_at_once(service_client):
    stolen = token_for(service_client)
    kid = jwt.get_unverified_header(stolen)["kid"]

    call_command("rotate_signing_keys", revoke=kid)

    assert kid not in published()
    with pytest.raises(jwt.InvalidTokenError):
        access_token.verify(stolen)
    assert access_token.verify(token_for(service_client))


def test_another_process_learns_of_a_withdrawn_key_within_the_recheck_time(
    service_client, monkeypatch
):
    stolen = token_for(service_client)
    # What another process does: the rows change, and nobody tells this one.
    SigningKey.objects.filter(kid=jwt.get_unverified_header(stolen)["kid"]).delete()
    assert access_token.verify(stolen)

    monkeypatch.setattr(keys, "_checked_at", keys._checked_at - keys.RECHECK_SECONDS)

    with pytest.raises(jwt.InvalidTokenError):
        access_token.verify(stolen)


def test_rotation_keeps_one_active_and_one_next_key():
    for _ in range(3):
        call_command("rotate_signing_keys", alg=["RS256"])

    states = list(SigningKey.objects.filter(alg="RS256").values_list("state", flat=True))
    assert states.count("active") == 1
    assert states.count("next") == 1
    assert states.count("retired") == 3


def test_withdrawing_an_unknown_key_is_an_error_in_words():
    with pytest.raises(CommandError, match="no signing key"):
        call_command("rotate_signing_keys", revoke="nobody")
