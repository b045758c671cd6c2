"""``private_key_jwt`` and ``client_secret_jwt`` (RFC 7523 §3, RFC 8725; SECURITY B4, B6)."""

import hashlib
import hmac
import json
import time
from collections import defaultdict
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from jwt.utils import base64url_encode

from oauth import client_assertion, client_keys
from oauth.client_metadata import CLIENT_SIGNING_ALGS
from oauth.issuer import endpoint, issuer
from oauth.models import Client
from tests.oauth import flow
from tests.oauth.assertions import CLIENT_KEY, new_key, public_jwk, signed_by
from tests.parallel import at_once

pytestmark = pytest.mark.django_db


def ask(params, authorization="", **more):
    form = {"grant_type": "client_credentials", **params, **more}
    return flow.post_form(flow.TOKEN, form, authorization)


def assert_unauthenticated(answer):
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("audience", [issuer, lambda: endpoint("token"), lambda: [issuer()]])
def test_a_signature_for_this_server_authenticates(signing_client, audience):
    assert ask(signed_by(signing_client, aud=audience())).status_code == 200


@pytest.mark.parametrize("called", ["introspect", "revoke", "par", "device_authorization"])
def test_the_audience_may_be_the_endpoint_that_is_called_and_no_other(signing_client, called):
    """RFC 7523 §3: "identifies the authorization server"; keycloak #30599."""
    others = {"introspect", "revoke", "device_authorization", "authorize", "userinfo"} - {called}
    for aud in (endpoint(called), [issuer(), endpoint(called)], endpoint("token")):
        answer = flow.post_form(endpoint(called), {**signed_by(signing_client, aud=aud)})
        assert answer.status_code != 401
    for other in others:
        answer = flow.post_form(endpoint(called), signed_by(signing_client, aud=endpoint(other)))
        assert_unauthenticated(answer)
        assert endpoint(called) in answer.json()["error_description"]


CLOCKS = {
    "5 s ahead, for an hour": {"iat": 5, "exp": 3605},
    "59 s ahead, for an hour": {"iat": 59, "nbf": 59, "exp": 3659},
    "50 s ahead, for a minute": {"iat": 50, "exp": 110},
    "59 s behind, for no time": {"iat": -59, "exp": -59},
    "no iat": {"iat": None, "exp": 60},
}


@pytest.mark.parametrize("clock", CLOCKS.values(), ids=CLOCKS)
def test_a_clock_may_be_a_minute_off_at_both_ends(signing_client, clock):
    """keycloak #8966, #34805."""
    now = int(time.time())
    told = {name: None if moved is None else now + moved for name, moved in clock.items()}

    assert ask(signed_by(signing_client, **told)).status_code == 200


WORDS = {
    "aud": ({"aud": "https://elsewhere.example"}, "https://elsewhere.example"),
    "expired": ({"exp": 1}, "expired"),
    "too long": ({"exp": 2**40}, "3600"),
    "iat": ({"iat": 2**40}, "iat"),
    "nbf": ({"nbf": 2**40}, "nbf"),
    "jti": ({"jti": None}, "lacks jti"),
    "two missing": ({"exp": None, "aud": None}, "lacks aud, exp"),
    "typ": ({"header": {"typ": "dpop+jwt"}}, "typ"),
    "alg": ({"key": "k" * 64, "alg": "HS512"}, "alg of a client assertion is not HS512"),
    "kid": ({"header": {"kid": "nobody's"}}, "kid nobody's"),
    "another alg of the method": ({"key": new_key("RS256"), "alg": "RS256"}, "alg RS256"),
    "a time in words": ({"exp": "soon"}, "exp"),
}


@pytest.mark.parametrize(("wrong", "words"), WORDS.values(), ids=WORDS)
def test_what_is_wrong_is_told_in_words(signing_client, wrong, words):
    answer = ask(signed_by(signing_client, **wrong))

    assert_unauthenticated(answer)
    assert words in answer.json()["error_description"]
    assert flow.DESCRIPTION.fullmatch(answer.json()["error_description"])


def test_a_jti_that_was_used_is_told_to_who_has_the_key(signing_client):
    params = signed_by(signing_client)
    ask(params)

    assert "jti" in ask(params).json()["error_description"]
    # Who has not, and would like to know which were used, learns nothing.
    jti = flow.said_by(params["client_assertion"])["jti"]
    forged = ask(signed_by(signing_client, key=new_key(), jti=jti))
    assert "jti" not in forged.json()["error_description"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"token_endpoint_auth_methods": ["client_secret_basic"]}, "private_key_jwt"),
        ({"metadata": {"jwks": {"keys": [{**public_jwk(CLIENT_KEY), "kid": "b"}]}}}, "kid"),
        ({"enabled": False}, "disabled"),
        ({}, "wrong signature"),
    ],
)
def test_the_log_says_why(signing_client, caplog, change, reason):
    Client.objects.filter(pk=signing_client.pk).update(**change)

    ask(signed_by(signing_client, **({} if change else {"key": new_key()})))

    [line] = [each for each in caplog.messages if "client authentication refused" in each]
    assert reason in line
    assert signing_client.client_id in line


def test_kid_is_a_hint(signing_client):
    """RFC 7515 §4.1.4: a key without a name may be meant by any; one of another name is another."""
    nameless, named = public_jwk(CLIENT_KEY), {**public_jwk(new_key()), "kid": "another"}
    for jwks, works in (([nameless], True), ([named, nameless], True), ([named], False)):
        Client.objects.update(metadata={"jwks": {"keys": jwks}})
        answer = ask(signed_by(signing_client, header={"kid": "its key"}))
        assert (answer.status_code == 200) is works


@pytest.mark.parametrize("alg", CLIENT_SIGNING_ALGS)
def test_every_advertised_algorithm_is_taken(signing_client, alg):
    key = new_key(alg)
    signing_client.metadata = {"jwks": {"keys": [public_jwk(key, alg)]}}
    signing_client.save()

    params = signed_by(signing_client, key=key, alg=alg, header={})

    assert ask(params, client_id=signing_client.client_id).status_code == 200


BAD = {
    "another issuer": {"iss": "x"},
    "another subject": {"sub": "x"},
    "a subject that is no text": {"sub": None},
    "a subject that no client has": {"sub": "\ud800"},
    "another audience": {"aud": "https://elsewhere.example"},
    "one more audience": {"aud": ["http://localhost:8000", "https://elsewhere.example"]},
    "no audience": {"aud": None},
    "an empty audience": {"aud": []},
    "an audience of another kind": {"aud": {"a": 1}},
    "expired": {"exp": 1},
    "no end": {"exp": None},
    "an end that is far away": {"exp": 2**40},
    "an end beyond numbers": {"exp": float("inf")},
    "an end in words": {"exp": "9999999999"},
    "not valid yet": {"nbf": 2**40},
    "made in the future": {"iat": 2**40},
    "no jti": {"jti": None},
    "an empty jti": {"jti": ""},
    "another typ": {"header": {"kid": "its key", "typ": "dpop+jwt"}},
    "an unknown kid": {"header": {"kid": "x"}},
    "another key": {"key": new_key()},
    "a shared secret": {"key": "k" * 32, "alg": "HS256"},
    "no signature": {"key": None, "alg": "none"},
}


@pytest.mark.parametrize("wrong", BAD.values(), ids=BAD)
def test_a_wrong_assertion_is_refused(signing_client, wrong):
    assert_unauthenticated(ask(signed_by(signing_client, **wrong)))


@pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "é", "." * 9, "e30.e30.", "x" * 9000])
def test_what_is_no_jwt_is_refused(signing_client, assertion):
    answer = ask({"client_assertion_type": client_assertion.TYPE, "client_assertion": assertion})

    assert_unauthenticated(answer)


def test_the_type_must_be_told(signing_client):
    params = signed_by(signing_client)

    assert_unauthenticated(ask({**params, "client_assertion_type": "x"}))
    assert_unauthenticated(ask({"client_assertion": params["client_assertion"]}))


def test_only_the_registered_algorithm_counts(signing_client):
    signing_client.metadata["token_endpoint_auth_signing_alg"] = "PS256"
    signing_client.save()

    assert_unauthenticated(ask(signed_by(signing_client)))


def test_an_assertion_beside_another_method_is_an_invalid_request(signing_client, service_client):
    basic = flow.basic(service_client.client_id, service_client.raw_secret)

    for answer in (
        ask(signed_by(signing_client), basic),
        ask(signed_by(signing_client), client_secret="x"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_client_id_must_be_that_of_the_assertion(signing_client, service_client):
    assert_unauthenticated(ask(signed_by(signing_client), client_id=service_client.client_id))


def test_a_client_of_another_method_is_refused(signing_client, service_client):
    service_client.metadata = signing_client.metadata
    service_client.save()

    assert_unauthenticated(ask(signed_by(service_client)))
    basic = flow.basic(signing_client.client_id, signing_client.raw_secret)
    assert_unauthenticated(ask({}, basic))
    assert_unauthenticated(ask({"client_id": signing_client.client_id}))


def test_a_disabled_client_is_refused(signing_client):
    signing_client.enabled = False
    signing_client.save()

    assert_unauthenticated(ask(signed_by(signing_client)))


def test_an_assertion_is_used_once_until_it_ends(signing_client, monkeypatch):
    params = signed_by(signing_client)
    assert ask(params).status_code == 200
    assert_unauthenticated(ask(params))

    later = time.time() + 60 + client_keys.LEEWAY_SECONDS + 1
    monkeypatch.setattr("time.time", lambda: later)
    assert_unauthenticated(ask(signed_by(signing_client, exp=int(later) - 61)))


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_uses_of_one_assertion_one_wins(signing_client):
    params = signed_by(signing_client, key=CLIENT_KEY)

    answers = at_once(lambda: ask(params))

    # Past the limit of failures a refusal is a 429, which says no more and no less.
    assert [answer.status_code for answer in answers].count(200) == 1
    assert {answer.status_code for answer in answers} <= {200, 401, 429}


@pytest.mark.parametrize("path", [flow.REVOKE, "/oauth/introspect"])
def test_revocation_and_introspection_take_it_too(signing_client, path):
    params = {**signed_by(signing_client), "token": "x"}

    assert flow.post_form(path, params).status_code == 200


# --- client_secret_jwt ----------------------------------------------------------------------------


def by_secret(client, **told):
    told = {"key": client.raw_secret, "alg": "HS256", "header": {}, **told}
    return signed_by(client, **told)


def test_a_signature_by_the_shared_secret_authenticates_once(secret_signing_client):
    params = by_secret(secret_signing_client)

    assert ask(params).status_code == 200
    assert_unauthenticated(ask(params))


BAD_BY_SECRET = {
    name: told
    for name, told in BAD.items()
    if name not in ("an unknown kid", "another key", "a shared secret", "another typ")
}


@pytest.mark.parametrize("wrong", BAD_BY_SECRET.values(), ids=BAD_BY_SECRET)
def test_a_wrong_assertion_by_a_secret_is_refused(secret_signing_client, wrong):
    assert_unauthenticated(ask(by_secret(secret_signing_client, **wrong)))


@pytest.mark.parametrize("alg", ["HS384", "HS512"])
def test_only_hs256_is_taken_of_a_secret(secret_signing_client, alg):
    key = secret_signing_client.raw_secret * 2
    assert_unauthenticated(ask(by_secret(secret_signing_client, alg=alg, key=key)))


def test_the_hash_of_the_secret_signs_nothing(secret_signing_client):
    key = secret_signing_client.secret_hash
    assert_unauthenticated(ask(by_secret(secret_signing_client, key=key)))


def test_the_secret_before_signs_until_its_overlap_ends(secret_signing_client):
    client, old = secret_signing_client, secret_signing_client.raw_secret
    new = client.rotate_secret()
    client.save()
    assert ask(by_secret(client, key=old)).status_code == 200
    assert ask(by_secret(client, key=new)).status_code == 200

    Client.objects.update(previous_secret_expires_at=timezone.now() - timedelta(seconds=1))

    assert_unauthenticated(ask(by_secret(client, key=old)))
    assert ask(by_secret(client, key=new)).status_code == 200


def test_a_client_of_private_keys_is_not_taken_by_its_secret(signing_client):
    Client.objects.update(readable_secret=None)
    assert_unauthenticated(ask(by_secret(signing_client)))


def test_a_client_of_a_secret_is_not_taken_by_keys(secret_signing_client, signing_client):
    secret_signing_client.metadata = signing_client.metadata
    secret_signing_client.save()

    assert_unauthenticated(ask(signed_by(secret_signing_client)))
    for authorization in (
        flow.basic(secret_signing_client.client_id, secret_signing_client.raw_secret),
        "",
    ):
        assert_unauthenticated(ask({"client_id": secret_signing_client.client_id}, authorization))


def forged_with(key: bytes, client):
    """An HS256 assertion, made by hand since PyJWT refuses to sign with what is a public key."""
    now = int(time.time())
    header = {"alg": "HS256", "kid": "its key"}
    claims = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": issuer(),
        "exp": now + 60,
        "iat": now,
        "jti": "x",
    }
    signed = b".".join(base64url_encode(json.dumps(part).encode()) for part in (header, claims))
    mac = base64url_encode(hmac.new(key, signed, hashlib.sha256).digest())
    return {
        "client_assertion_type": client_assertion.TYPE,
        "client_assertion": (signed + b"." + mac).decode(),
    }


@pytest.mark.parametrize("methods", [["private_key_jwt"], ["private_key_jwt", "client_secret_jwt"]])
def test_a_public_key_is_never_taken_for_a_shared_secret(signing_client, methods):
    """RFC 8725 §2.1."""
    signing_client.token_endpoint_auth_methods = methods
    signing_client.rotate_secret()
    signing_client.save()
    public = CLIENT_KEY.public_key()
    jwk = json.dumps(public_jwk(CLIENT_KEY)).encode()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    for key in (jwk, pem, pem.strip(), der, b""):
        assert_unauthenticated(ask(forged_with(key, signing_client)))


def test_the_secret_is_readable_only_where_it_is_a_key(service_client, secret_signing_client):
    stored = Client.objects.get(pk=secret_signing_client.pk)
    assert stored.shared_secret() == secret_signing_client.raw_secret
    assert Client.objects.get(pk=service_client.pk).shared_secret() == ""

    with connection.cursor() as cursor:
        cursor.execute("SELECT readable_secret FROM ostiary_oauth_client")
        values = [bytes(value) for (value,) in cursor.fetchall() if value is not None]
    assert len(values) == 1
    assert secret_signing_client.raw_secret.encode() not in values[0]
    assert secret_signing_client.raw_secret not in repr(stored)


def test_a_secret_that_is_no_key_any_more_is_forgotten(secret_signing_client):
    secret_signing_client.token_endpoint_auth_methods = ["client_secret_basic"]
    secret_signing_client.full_clean()
    secret_signing_client.save()

    stored = Client.objects.get()
    assert stored.readable_secret is None
    assert stored.check_secret(secret_signing_client.raw_secret)


# --- the same work --------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["ES256", "HS256"])
def test_every_refusal_takes_the_same_work_and_says_the_same(
    signing_client, secret_signing_client, service_client, public_client, monkeypatch, alg
):
    """Unknown, disabled, of another method, or wrong: none can be told from another by statements,
    signatures verified, or words."""
    known = signing_client if alg == "ES256" else secret_signing_client
    off = Client.objects.create(
        name="Off",
        enabled=False,
        client_type=Client.CLIENT_CONFIDENTIAL,
        token_endpoint_auth_methods=known.token_endpoint_auth_methods,
        metadata=known.metadata,
    )
    key = new_key() if alg == "ES256" else "k" * 40
    seen = defaultdict(set)
    for client in (known, Client(client_id="nobody"), off, service_client, public_client):
        for header in ({"kid": "its key"}, {"kid": "another"}):
            params = signed_by(client, key=key, alg=alg, header=header)
            ask(params)  # what is made once per process is made
            verified = []
            decode = client_assertion.jwt.decode

            def counting(*args, verified=verified, decode=decode, **options):
                verified.append(args[1])
                return decode(*args, **options)

            with monkeypatch.context() as patch, CaptureQueriesContext(connection) as statements:
                patch.setattr(client_assertion.jwt, "decode", counting)
                answer = ask(params)
            tables = [each["sql"].split(" WHERE ")[0] for each in statements]
            assert len(verified) == 1
            about_clients = [sql for sql in tables if "ostiary_oauth" in sql]
            seen[header["kid"]].add((answer.status_code, answer.content, len(about_clients)))

    for answers in seen.values():  # what was sent may be told back
        assert len(answers) == 1
        assert next(iter(answers))[0] == 401
