"""Which access tokens an API takes (RFC 9068, RFC 8725; SECURITY B6)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from tests.examples.issuer import Issuer
from tests.oauth.assertions import new_key, public_jwk

from .calls import AUDIENCE, answer_to, error_of, good_token, request_with, takes


def by_hand(header, claims, secret=b""):
    """A JWT that no decent library would make."""
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()) for each in (header, claims)]
    signed = b".".join(part.rstrip(b"=") for part in parts)
    mac = base64.urlsafe_b64encode(hmac.digest(secret, signed, hashlib.sha256)) if secret else b""
    return (signed + b"." + mac.rstrip(b"=")).decode()


def test_a_good_token_is_taken_and_tells_who_calls(issuer, server):
    now = int(time.time())
    actor = {"sub": "service-1", "act": {"sub": "service-2"}}
    token = good_token(
        issuer, aud=[AUDIENCE, issuer.url], acr="aal2", amr=["pwd", "otp"], auth_time=now, act=actor
    )

    taken = server.authenticate(request_with(token))

    assert (taken.subject, taken.client_id) == ("person-1", "tests-client")
    assert taken.scopes == {"openid", "api:read"}
    assert (taken.acr, taken.amr, taken.auth_time) == ("aal2", ("pwd", "otp"), now)
    assert taken.actors == ({"sub": "service-1"}, {"sub": "service-2"})
    assert "person-1" not in repr(taken)


def test_what_a_token_does_not_say_is_empty(issuer, server):
    taken = server.authenticate(request_with(good_token(issuer, scope=None)))

    assert (taken.scopes, taken.acr, taken.amr, taken.auth_time) == (frozenset(), "", (), None)
    assert (taken.actors, taken.confirmation) == ((), {})


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_the_type_is_that_of_an_access_token_in_any_case(issuer, server, typ):
    assert takes(server, good_token(issuer, typ=typ))


@pytest.mark.parametrize("typ", ["JWT", "dpop+jwt", "logout+jwt", "", "x"])
def test_an_id_token_is_never_an_access_token(issuer, server, typ):
    assert not takes(server, good_token(issuer, typ=typ))


BAD_CLAIMS = {
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "https://other.example/"},
    "an audience that begins alike": {"aud": AUDIENCE + "x"},
    "no audience": {"aud": None},
    "an audience that is no text": {"aud": {AUDIENCE: 1}},
    "expired": {"exp": 1},
    "no expiry": {"exp": None},
    "an expiry that is text": {"exp": "99999999999"},
    "an endless expiry": {"exp": 10**400},
    "an infinite expiry": {"exp": float("inf")},
    "an expiry that is true": {"exp": True},
    "not valid yet": {"nbf": 2**40},
    "a time that is no number": {"nbf": "now"},
    "from the future": {"iat": 2**40},
    "no time of issue": {"iat": None},
    "of nobody": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is a number": {"sub": 7},
    "of no client": {"client_id": None},
    "a client that is a list": {"client_id": ["a"]},
    "no jti": {"jti": None},
    "scopes in a list": {"scope": ["api:read"]},
    "a binding that is no object": {"cnf": "x"},
    "a binding that nobody knows": {"cnf": {"kid": "x"}},
}


@pytest.mark.parametrize("wrong", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
def test_a_wrong_claim_is_refused(issuer, server, wrong):
    claims = {**issuer.access_token_claims(), **wrong}
    claims = {name: value for name, value in claims.items() if value is not None}
    header = {"kid": "one", "typ": "at+jwt"}
    token = jwt.api_jws.encode(
        json.dumps(claims).encode(), issuer.keys["one"], algorithm="ES256", headers=header
    )

    assert not takes(server, token)


def test_the_leeway_is_for_clocks_and_no_longer(issuer, make_server):
    server = make_server(LEEWAY=30)
    now = int(time.time())

    assert takes(server, good_token(issuer, exp=now - 15, iat=now + 15, nbf=now + 15))
    assert not takes(server, good_token(issuer, exp=now - 31))


def test_the_algorithm_is_the_keys_and_never_the_tokens_word(issuer, server):
    issuer.add_key("rsa", "RS256")
    public_key = issuer.keys["rsa"].public_key()
    pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = issuer.access_token_claims()
    header = {"typ": "at+jwt", "kid": "rsa"}
    by_ps256 = jwt.encode(claims, issuer.keys["rsa"], algorithm="PS256", headers=header)

    assert takes(server, good_token(issuer, kid="rsa"))
    assert not takes(server, by_ps256)  # the key says that it is for RS256
    assert not takes(server, by_hand({**header, "alg": "HS256"}, claims, pem))
    for alg in ("none", "None", "", "HS256", "ES512", "RSA1_5", None, 7, ["RS256"]):
        assert not takes(server, by_hand({**header, "alg": alg}, claims))


def test_an_algorithm_that_is_not_allowed_here_is_refused(issuer, make_server):
    issuer.add_key("rsa", "RS256")
    server = make_server(ALGORITHMS=["ES256"])

    assert takes(server, good_token(issuer))
    assert not takes(server, good_token(issuer, kid="rsa"))


@pytest.mark.parametrize("named", ["EdDSA", "Ed25519"])
@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_eddsa_is_the_same_by_both_its_names(issuer, server, monkeypatch, alg, named):
    key = new_key(alg)
    published = {**public_jwk(key, alg), "kid": "ed", "use": "sig", "alg": named}
    monkeypatch.setattr(issuer, "jwks", lambda: {"keys": [published]})
    header = {"typ": "at+jwt", "kid": "ed"}

    assert takes(
        server, jwt.encode(issuer.access_token_claims(), key, algorithm=alg, headers=header)
    )


def test_a_key_in_the_token_is_no_key(issuer, server):
    stranger = Issuer(url=issuer.url)
    stranger.add_key("two")
    jwk = stranger.jwks()["keys"][0]
    claims = issuer.access_token_claims()
    for named in ({"jwk": jwk}, {"jku": "https://evil.example/"}, {"x5u": "https://evil.example/"}):
        for kid in ("one", "two"):
            header = {"kid": kid, "typ": "at+jwt", **named}
            token = jwt.encode(claims, stranger.keys["two"], algorithm="ES256", headers=header)
            assert not takes(server, token)
    assert "/.well-known/openid-configuration" in issuer.asked
    assert set(issuer.asked) == {"/.well-known/openid-configuration", "/jwks"}


def test_a_token_that_names_no_key_or_a_strange_one_is_refused(issuer, server):
    claims = issuer.access_token_claims()
    for kid in (None, "", "x", 7, ["one"], {"one": 1}):
        header = {"typ": "at+jwt", "alg": "ES256", "kid": kid}
        assert not takes(server, by_hand(header, claims))


def test_a_critical_header_that_nobody_knows_is_refused(issuer, server):
    header = {"kid": "one", "typ": "at+jwt", "crit": ["x"], "x": 1}
    token = jwt.encode(
        issuer.access_token_claims(), issuer.keys["one"], algorithm="ES256", headers=header
    )

    assert not takes(server, token)


def test_any_changed_byte_is_noticed(issuer, server):
    token = good_token(issuer)
    for at in range(0, len(token), 7):
        other = "A" if token[at] != "A" else "B"
        assert not takes(server, token[:at] + other + token[at + 1 :])


def test_deep_nesting_is_refused(issuer, server):
    for part in (b"[" * 100_000, b'{"a":' * 100_000):
        header = base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        assert not takes(server, f"{header}.e30.AAAA")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
names = st.sampled_from(
    [
        *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope"),
        *("cnf", "acr", "amr", "auth_time", "act", "status"),
    ]
)


@how(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(names, json_values, max_size=4))
def test_whatever_a_signed_token_says_it_is_taken_or_refused(issuer, make_server, changes):
    server = make_server(REVOCATION="status_list", JWKS_URI=f"{issuer.url}/jwks")
    claims = {**issuer.access_token_claims(), **changes}
    header = {"kid": "one", "typ": "at+jwt"}
    token = jwt.api_jws.encode(
        json.dumps(claims).encode(), issuer.keys["one"], algorithm="ES256", headers=header
    )

    answer = answer_to(server, request_with(token))

    if hasattr(answer, "status_code"):
        assert answer.status_code == 401
    else:
        _ = (answer.scopes, answer.acr, answer.amr, answer.auth_time, answer.actors)
        assert answer.expires_at


@how(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk"]), json_values))
def test_whatever_a_header_says_an_unsigned_token_is_refused(issuer, server, header):
    token = by_hand(
        {"alg": "ES256", "kid": "one", "typ": "at+jwt", **header}, issuer.access_token_claims()
    )

    assert not takes(server, token)


@how(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(codec="latin-1"), max_size=60), st.text(max_size=60))
def test_garbage_in_headers_is_never_a_fault(server, authorization, proof):
    for value in (authorization, f"Bearer {authorization}", f"DPoP {authorization}"):
        request = request_with(None, authorization=value, dpop=proof)

        assert error_of(server, request)[0] in (400, 401)
