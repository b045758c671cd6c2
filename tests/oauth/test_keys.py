"""Signing keys: publication, rotation, withdrawal (SECURITY B12)."""

import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, mldsa, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone
from joserfc.jwk import JWKRegistry
from jwt.algorithms import get_default_algorithms

from oauth import access_token, checks, cleanup, jwk, keys, signer, tasks
from oauth.client_metadata import SIGNING_ALGS
from oauth.models import SigningKey
from ostiary.models import Event
from tests.oauth import flow
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


# --- scheduled rotation ---------------------------------------------------------------------------


def age(alg, days):
    """The active key has signed for so long, and the next one has been published for as long."""
    then = timezone.now() - timedelta(days=days)
    SigningKey.objects.filter(alg=alg, state="active").update(activated_at=then)
    SigningKey.objects.filter(alg=alg, state="next").update(created_at=then)


def signing(alg="ES256"):
    return SigningKey.objects.get(alg=alg, state="active").kid


def test_the_worker_lets_the_next_key_sign_when_the_active_one_has_done_so_for_long_enough():
    before = {alg: signing(alg) for alg in SIGNING_ALGS}
    following = SigningKey.objects.get(alg="ES256", state="next").kid
    age("ES256", 91)
    age("RS256", 89)

    for _ in range(2):
        tasks.rotate_signing_keys()

    assert signing() == following
    assert before["ES256"] in published()
    assert {alg: signing(alg) for alg in SIGNING_ALGS if alg != "ES256"} == {
        alg: kid for alg, kid in before.items() if alg != "ES256"
    }
    events = Event.objects.filter(kind="signing_key.rotated")
    assert [event.details for event in events] == [{"alg": "ES256", "kid": following}]


def test_a_next_key_that_nobody_can_know_yet_waits(settings):
    before = signing()
    age("ES256", 91)
    SigningKey.objects.filter(alg="ES256", state="next").update(created_at=timezone.now())

    tasks.rotate_signing_keys()

    assert signing() == before


@pytest.mark.parametrize(("days", "rotates"), [(0, False), (400, False), (30, True)])
def test_how_long_a_key_signs_is_the_site_s_choice_and_0_is_for_ever(settings, days, rotates):
    settings.OSTIARY_OAUTH = {"SIGNING_KEY_ROTATION_DAYS": days}
    before = signing()
    age("ES256", 100)

    tasks.rotate_signing_keys()

    assert (signing() != before) is rotates


def test_less_than_no_days_are_refused(settings):
    settings.OSTIARY_OAUTH = {"SIGNING_KEY_ROTATION_DAYS": -1}

    assert "Write 0 or more." in str(checks.check_settings(None))


def test_the_schedule_has_the_rotation():
    tasks_of = [each["task"] for each in tasks.BEAT_SCHEDULE.values()]

    assert tasks.rotate_signing_keys.name in tasks_of


@pytest.mark.django_db(transaction=True)
def test_of_workers_that_rotate_at_once_one_does():
    keys.ensure()
    age("ES256", 91)

    at_once(tasks.rotate_signing_keys, ways=6)

    states = list(SigningKey.objects.filter(alg="ES256").values_list("state", flat=True))
    assert sorted(states) == ["active", "next", "retired"]


# --- import ---------------------------------------------------------------------------------------


def in_pem(key, passphrase=None) -> bytes:
    protection = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)


def as_jwk(key, alg, /, **more) -> bytes:
    told = json.loads(get_default_algorithms()[alg].to_jwk(key))
    return json.dumps({**told, **more}).encode()


@pytest.fixture
def bring(tmp_path):
    """Import a file of this content."""

    def run(content, **options):
        file = tmp_path / "key"
        file.write_bytes(content)
        call_command("import_signing_key", file, **options)

    return run


@pytest.mark.parametrize("alg", SIGNING_ALGS)
@pytest.mark.parametrize("form", ["pem", "jwk"])
def test_a_key_that_was_made_elsewhere_is_published_and_signs_from_the_next_rotation_on(
    bring, service_client, alg, form
):
    service_client.access_token_signing_alg = alg
    key = keys.generate(alg)
    replaced = SigningKey.objects.get(alg=alg, state="next").kid
    kid = "from elsewhere" if form == "jwk" else keys.public_jwk(key, alg)["kid"]

    bring(in_pem(key) if form == "pem" else as_jwk(key, alg, kid=kid), alg=alg)

    assert kid in published()
    assert replaced not in published()
    assert jwt.get_unverified_header(token_for(service_client))["kid"] != kid
    keys.rotate(alg)
    token = token_for(service_client)
    assert jwt.get_unverified_header(token)["kid"] == kid
    assert access_token.verify(token)
    assert Event.objects.get(kind="signing_key.imported").details["kid"] == kid


def test_an_imported_key_can_sign_at_once(bring, service_client):
    old = token_for(service_client)

    bring(in_pem(keys.generate("ES256")), kid="now", activate=True)

    token = token_for(service_client)
    assert jwt.get_unverified_header(token)["kid"] == "now"
    assert access_token.verify(old)
    assert access_token.verify(token)
    assert SigningKey.objects.filter(alg="ES256", state="next").count() == 1


def test_an_imported_key_is_encrypted_at_rest(bring):
    key = keys.generate("ES256")
    bring(in_pem(key))
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key FROM ostiary_oauth_signingkey")
        stored = b"".join(bytes(row[0]) for row in cursor.fetchall())

    assert key.private_numbers().private_value.to_bytes(32, "big") not in stored


def _explicit_curve():
    """A key whose curve is told by its parameters, which none of ours is (made by OpenSSL)."""
    text = """MIIBUQIBAQQgPxwJzezHw7FVhG9An0JCkzBkOii0CGByPTLyT1dTocOggeMwgeAC
AQEwLAYHKoZIzj0BAQIhAP////////////////////////////////////7///wv
MEQEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABCAAAAAAAAAAAAAA
AAAAAAAAAAAAAAAAAAAAAAAAAAAABwRBBHm+Zn753LusVaBilc6HCwcCm/zbLc4o
2VnygVsW+BeYSDradyajxGVdpPv8DhEIqP0XtEimhVQZnEfQj/sQ1LgCIQD/////
///////////////+uq7c5q9IoDu/0l6M0DZBQQIBAaFEA0IABBacDWrno4CnkMeY
uoQaXygXHdIpRz6/AOSmtgCO/US5lEvz6u4fVC7CPHXCjBzDJdHT1zTCpjgWxTBc
zpAZkGI="""
    return f"-----BEGIN EC PRIVATE KEY-----\n{text}\n-----END EC PRIVATE KEY-----\n".encode()


_ec, _rsa = keys.generate("ES256"), keys.generate("RS256")
NOT_TAKEN = {
    "nothing": (b"", None, "neither PEM nor a JWK"),
    "noise": (b"\xff\x00", None, "neither PEM nor a JWK"),
    "a certificate": (b"-----BEGIN CERTIFICATE-----\nAA==\n", None, "holds a certificate"),
    "a public key": (b"-----BEGIN PUBLIC KEY-----\nAA==\n", None, "holds a public key"),
    "a cut private key": (
        b"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n",
        None,
        "can't be read: .*P-256",
    ),
    "an ML-DSA key": (
        in_pem(mldsa.MLDSA44PrivateKey.generate()),
        None,
        "of the kind MLDSA44.*P-256",
    ),
    "an ML-DSA key as something else": (
        in_pem(mldsa.MLDSA65PrivateKey.generate()),
        "ES256",
        "of the kind MLDSA65",
    ),
    "an ML-DSA JWK": (b'{"kty": "AKP", "alg": "ML-DSA-44", "priv": "AA"}', None, "type 'AKP'"),
    "an Ed448 key": (in_pem(ed448.Ed448PrivateKey.generate()), None, "of the kind Ed448"),
    "a curve of its own": (_explicit_curve(), None, "can't be read"),
    "broken JSON": (b"{", None, "neither PEM nor a JWK"),
    "a set": (b'{"keys": []}', None, "one of them"),
    "a public JWK": (as_jwk(_ec.public_key(), "ES256"), None, "no private part"),
    "a passphrase": (in_pem(_ec, b"secret"), None, "passphrase"),
    "an RSA key of no algorithm": (in_pem(_rsa), None, "Choose an algorithm"),
    "another kind of key": (in_pem(_rsa), "ES256", "no private key for ES256"),
    "another alg in the JWK": (as_jwk(_rsa, "RS256", alg="PS256"), "RS256", "is for PS256"),
    "another curve": (
        in_pem(ec.generate_private_key(ec.SECP384R1())),
        "ES256",
        "no private key for ES256",
    ),
    "a small key": (
        in_pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505
        "RS256",
        "a weak one",
    ),
    "a long kid": (as_jwk(_ec, "ES256", kid="k" * 65), None, "64 characters"),
    "a kid that is no text": (as_jwk(_ec, "ES256", kid=1), None, "64 characters"),
    "members of other kinds": (b'{"kty": "EC", "d": 1, "x": [], "crv": {}}', None, "no private"),
}


@pytest.mark.parametrize(("content", "alg", "words"), NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_what_cannot_sign_here_is_refused_in_words(bring, content, alg, words):
    before = set(SigningKey.objects.values_list("kid", "state"))

    with pytest.raises(CommandError, match=words):
        bring(content, alg=alg)

    assert set(SigningKey.objects.values_list("kid", "state")) == before


def test_a_key_is_imported_once_and_a_missing_file_is_told(bring, tmp_path):
    bring(in_pem(_ec), activate=True)
    states = set(SigningKey.objects.values_list("kid", "state"))

    with pytest.raises(CommandError, match="here already"):
        bring(in_pem(_ec))
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_signing_key", tmp_path / "missing")
    assert set(SigningKey.objects.values_list("kid", "state")) == states


# --- with an external signer ----------------------------------------------------------------------


class LocalSigner:
    """A signer in this process, that can be made to fail."""

    fail: Exception | None = None
    told: dict = {}
    signature: bytes | None = None

    def public_jwks(self):
        if self.fail:
            raise self.fail
        return [{**keys.public_jwk(_ec, "ES256"), "kid": "one", "key_ops": ["sign"], **self.told}]

    def sign(self, kid, alg, signing_input):
        return self.signature or get_default_algorithms()[alg].sign(signing_input, _ec)


@pytest.fixture
def local_signer(settings, monkeypatch):
    """Keys that are with a signer; gives what changes it."""
    settings.OSTIARY_OAUTH = {"SIGNER": f"{__name__}.LocalSigner"}
    keys.forget()
    yield monkeypatch
    keys.forget()


def test_a_signer_signs_and_nothing_but_the_public_key_is_published(local_signer, service_client):
    token = token_for(service_client)

    assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": "one", "typ": "at+jwt"}
    assert access_token.verify(token)
    (told,) = Browser().get("/.well-known/jwks.json").json()["keys"]
    assert set(told) == {"kty", "crv", "x", "y", "kid", "alg", "use"}


@pytest.mark.parametrize(
    "told", [{"d": "AA"}, {"alg": "none"}, {"alg": "RS256"}, {"x": "AA"}, {"kty": "oct"}]
)
def test_a_key_of_a_signer_that_is_none_is_not_published(local_signer, told):
    local_signer.setattr(LocalSigner, "told", told)
    local_signer.setattr(keys, "_cached", keys.KeySet())

    answer = Browser().get("/.well-known/jwks.json")

    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")


def test_why_a_signers_key_is_none_is_in_the_log(local_signer, caplog):
    local_signer.setattr(LocalSigner, "told", {"alg": "ML-DSA-44", "kid": "of tomorrow"})
    local_signer.setattr(keys, "_cached", keys.KeySet())

    answer = Browser().get("/.well-known/jwks.json")

    assert answer.status_code == 503
    assert "its key 'of tomorrow' is for 'ML-DSA-44', and those that sign here are" in caplog.text


@pytest.mark.parametrize("signature", [b"\x30" * 70, b"\x01" * 64, b"x"])
def test_no_token_leaves_whose_signature_is_not_good(local_signer, service_client, signature):
    local_signer.setattr(LocalSigner, "signature", signature)

    answer = flow.post_token(service_client, grant_type="client_credentials")

    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")


def test_a_key_that_the_signer_leaves_out_is_refused_at_the_next_recheck(
    local_signer, service_client
):
    stolen = token_for(service_client)
    local_signer.setattr(LocalSigner, "told", {"kid": "two"})
    local_signer.setattr(keys, "_checked_at", keys._checked_at - keys.SIGNER_RECHECK_SECONDS)

    with pytest.raises(jwt.InvalidTokenError):
        access_token.verify(stolen)


def test_keys_of_the_database_do_not_stand_in_for_a_signer_that_is_away(
    service_client, settings, monkeypatch
):
    ours = token_for(service_client)
    monkeypatch.setattr(LocalSigner, "fail", OSError("away"))
    settings.OSTIARY_OAUTH = {"SIGNER": f"{__name__}.LocalSigner"}
    keys.forget()

    with pytest.raises(signer.SignerUnavailableError):
        access_token.verify(ours)


def test_commands_say_that_the_keys_are_elsewhere(local_signer, bring):
    before = set(SigningKey.objects.values_list("kid", "state"))

    for run in (
        lambda: call_command("rotate_signing_keys"),
        lambda: call_command("rotate_signing_keys", revoke="x"),
        lambda: bring(in_pem(_ec)),
    ):
        with pytest.raises(CommandError, match="SIGNER"):
            run()
    tasks.rotate_signing_keys()
    assert set(SigningKey.objects.values_list("kid", "state")) == before


@pytest.mark.parametrize("path", ["nowhere.Signer", "json.loads", f"{__name__}.age"])
def test_a_signer_that_is_none_is_told_at_the_start(settings, path):
    settings.OSTIARY_OAUTH = {"SIGNER": f"{__name__}.LocalSigner"}
    assert checks.check_signer(None) == []

    settings.OSTIARY_OAUTH = {"SIGNER": path}
    assert [problem.id for problem in checks.check_signer(None)] == ["ostiary_oauth.E008"]
