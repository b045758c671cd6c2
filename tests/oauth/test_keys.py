"""Signing keys: publication, rotation, withdrawal (SECURITY B12)."""

from datetime import timedelta

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone
from joserfc.jwk import JWKRegistry

from oauth import access_token, cleanup, jwk, keys
from oauth.client_metadata import SIGNING_ALGS
from oauth.models import SigningKey
from tests.parallel import at_once

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
    return access_token.for_client(client, ["api:read"], []).token


def test_the_first_use_makes_an_active_and_a_next_key_for_each_algorithm():
    keys.keyset()

    assert SigningKey.objects.filter(state="active").count() == len(SIGNING_ALGS)
    assert SigningKey.objects.filter(state="next").count() == len(SIGNING_ALGS)


def test_jwks_holds_public_members_only():
    for key in Browser().get("/.well-known/jwks.json").json()["keys"]:
        assert not set(key) & {"d", "p", "q", "dp", "dq", "qi", "k"}
        assert key["use"] == "sig"
        assert key["alg"] in SIGNING_ALGS


def test_a_kid_is_the_thumbprint_of_its_key():
    for key in Browser().get("/.well-known/jwks.json").json()["keys"]:
        assert key["kid"] == JWKRegistry.import_key(key).thumbprint()


def test_the_thumbprint_of_the_example_of_rfc_7638():
    key = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6"
        "tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YG"
        "jQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bF"
        "TWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    }

    assert jwk.thumbprint(key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


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


def test_a_withdrawn_key_that_was_not_signing_yet_is_replaced_too(service_client):
    signing = jwt.get_unverified_header(token_for(service_client))["kid"]
    unused = SigningKey.objects.get(alg="ES256", state="next").kid

    keys.revoke(unused)

    assert unused not in published()
    assert SigningKey.objects.filter(alg="ES256", state="next").count() == 1
    assert jwt.get_unverified_header(token_for(service_client))["kid"] == signing


def test_a_retired_key_stays_for_the_hints_of_the_longest_session(settings):
    settings.OSTIARY = {**settings.OSTIARY, "REMEMBERED_SESSION_SECONDS": 90 * 24 * 3600}

    assert cleanup.longest_token_lifetime() >= timedelta(days=90)


def test_no_private_key_is_in_a_repr():
    assert "private" not in repr(keys.keyset())
    assert "private" not in repr(keys.keyset().active["RS256"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ways", [6])
def test_rotations_at_once_follow_each_other(ways):
    keys.ensure()

    rising = at_once(lambda: keys.rotate("ES256").kid, ways=ways)

    assert len(set(rising)) == ways
    states = list(SigningKey.objects.filter(alg="ES256").values_list("state", flat=True))
    assert sorted(states) == ["active", "next", *["retired"] * ways]


def test_withdrawing_an_unknown_key_is_an_error_in_words():
    with pytest.raises(CommandError, match="no signing key"):
        call_command("rotate_signing_keys", revoke="nobody")
