"""A bound token is worth nothing without its key (RFC 9449 §7, RFC 8705 §3; SECURITY B7)."""

from __future__ import annotations

import time
import uuid

import pytest
from django.core.cache import caches
from django.http import HttpResponse
from django.test import RequestFactory

from oauth import jwk
from oauth.resource_server import mtls, used_proofs
from oauth.resource_server.dpop import IAT_SECONDS, NONCE_SECONDS, InvalidProof, check
from tests.oauth.assertions import new_key, public_jwk
from tests.oauth.test_dpop import RESOURCE_PROOF, RESOURCE_TOKEN, THUMBPRINT
from tests.parallel import at_once

from .calls import (
    AUDIENCE,
    answer_to,
    error_of,
    good_token,
    jkt_of,
    make_proof,
    request_with,
)
from .certificates import FORMS, as_base64, as_client_cert, new_certificate

KEY, ANOTHER = new_key(), new_key()


@pytest.fixture
def bound(issuer):
    """A token that is bound to ``KEY``."""
    return good_token(issuer, cnf={"jkt": jkt_of(KEY)})


def with_proof(token, proof, scheme="DPoP"):
    return request_with(token, scheme, dpop=proof)


# --- DPoP --------------------------------------------------------------------------------------


def test_the_example_of_the_rfc(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1562262617.0)
    request = {"method": "GET", "url": "https://resource.example.org/protectedresource"}
    how = {"algorithms": ["ES256"], "access_token": RESOURCE_TOKEN}

    assert check(RESOURCE_PROOF, **request, **how).jkt == THUMBPRINT
    with pytest.raises(InvalidProof):
        check(RESOURCE_PROOF, **{**request, "method": "POST"}, **how)
    with pytest.raises(InvalidProof):
        check(RESOURCE_PROOF, **request, **{**how, "access_token": "another"})
    with pytest.raises(InvalidProof):
        check(RESOURCE_PROOF, **request, **{**how, "algorithms": ["RS256"]})


def test_a_bound_token_is_taken_with_the_proof_of_its_key(server, bound):
    taken = server.authenticate(with_proof(bound, make_proof(KEY, bound)))

    assert taken.confirmation == {"jkt": jkt_of(KEY)}


def test_a_bound_token_as_a_bearer_token_is_refused(server, bound):
    for request in (
        request_with(bound),
        with_proof(bound, make_proof(KEY, bound), "Bearer"),
    ):
        assert error_of(server, request) == (401, "invalid_token")


def test_a_bearer_token_is_not_taken_under_the_dpop_scheme(issuer, server):
    token = good_token(issuer)

    assert error_of(server, with_proof(token, make_proof(KEY, token))) == (401, "invalid_token")


def test_the_proof_of_another_key_is_refused(server, bound):
    proof = make_proof(ANOTHER, bound)

    assert error_of(server, with_proof(bound, proof)) == (401, "invalid_token")


BAD_PROOFS = {
    "another method": {"htm": "POST"},
    "another path": {"htu": "http://testserver/other"},
    "another host": {"htu": "http://elsewhere.example/notes"},
    "another scheme": {"htu": "https://testserver/notes"},
    "no address": {"htu": None},
    "too old": {"iat": 1},
    "of the future": {"iat": 2**40},
    "no iat": {"iat": None},
    "no jti": {"jti": None},
    "of another token": {"ath": "x"},
    "of no token": {"ath": None},
    "another typ": {"header": {"typ": "JWT"}},
    "no key": {"header": {"jwk": None}},
}


@pytest.mark.parametrize("wrong", BAD_PROOFS.values(), ids=BAD_PROOFS)
def test_a_wrong_proof_is_refused(server, bound, wrong):
    answer = answer_to(server, with_proof(bound, make_proof(KEY, bound, **wrong)))

    assert answer.status_code == 401
    challenge = answer["WWW-Authenticate"]
    assert challenge.startswith(f'Bearer realm="{AUDIENCE}", DPoP realm="{AUDIENCE}"')
    assert 'algs="RS256 PS256 ES256 EdDSA Ed25519", error="invalid_dpop_proof"' in challenge


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"])
def test_a_proof_of_every_advertised_algorithm_is_taken(server, issuer, alg):
    key = new_key(alg)
    token = good_token(issuer, cnf={"jkt": jwk.thumbprint(public_jwk(key, alg))})

    assert server.authenticate(with_proof(token, make_proof(key, token, alg=alg)))


@pytest.mark.parametrize("proof", ["", "x", "a.b.c", "é", "e30.e30."])
def test_what_is_no_proof_is_refused(server, bound, proof):
    assert error_of(server, with_proof(bound, proof)) == (401, "invalid_dpop_proof")


def test_no_proof_at_all_is_refused(server, bound):
    assert error_of(server, request_with(bound, "DPoP")) == (401, "invalid_dpop_proof")


def test_a_proof_is_used_once(server, bound):
    proof = make_proof(KEY, bound)
    server.authenticate(with_proof(bound, proof))

    assert error_of(server, with_proof(bound, proof)) == (401, "invalid_dpop_proof")


def test_a_proof_may_be_ten_seconds_off_and_carry_times_of_its_own(server, bound):
    now = int(time.time())
    for iat in (now - 10, now, now + 10):
        proof = make_proof(KEY, bound, iat=iat, nbf=iat, exp=iat + 60)

        assert server.authenticate(with_proof(bound, proof))


def test_the_same_request_is_judged_once(server, bound):
    request = with_proof(bound, make_proof(KEY, bound))

    assert server.authenticate(request) is server.authenticate(request)


@pytest.mark.parametrize("kind", ["this process", "redis"])
def test_of_50_parallel_uses_of_one_proof_one_wins(make_server, bound, settings, request, kind):
    if kind == "redis":
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": request.getfixturevalue("redis_url"),
                "KEY_PREFIX": uuid.uuid4().hex,
            }
        }
    server, proof = make_server(), make_proof(KEY, bound)

    answers = at_once(lambda: answer_to(server, with_proof(bound, proof)))

    refused = [answer.status_code for answer in answers if isinstance(answer, HttpResponse)]
    assert refused == [401] * 49


def test_a_replay_cache_that_does_not_answer_is_a_503(make_server, bound, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",
        }
    }

    request = with_proof(bound, make_proof(KEY, bound))
    assert error_of(make_server(), request) == (503, "")


def test_a_replay_cache_that_says_nothing_of_being_away_is_a_503(make_server, bound, settings):
    """Some answer as if they were empty, and then have used proofs not taken for fresh ones."""
    away = {"BACKEND": "idp_site.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = {"default": away}

    request = with_proof(bound, make_proof(KEY, bound))
    assert error_of(make_server(), request) == (503, "")


def test_h1_a_used_proof_is_not_taken_again_once_the_cache_was_emptied(server, bound):
    used, ahead = make_proof(KEY, bound), make_proof(KEY, bound, iat=int(time.time()) + 50)
    for proof in (used, ahead):
        server.authenticate(with_proof(bound, proof))

    caches["default"].clear()

    for proof in (used, ahead, make_proof(KEY, bound)):
        assert error_of(server, with_proof(bound, proof))[0] == 503


def test_once_every_proof_from_before_has_expired_new_ones_are_taken(server, bound):
    server.authenticate(with_proof(bound, make_proof(KEY, bound)))
    caches["default"].clear()
    proof = make_proof(KEY, bound)
    assert error_of(server, with_proof(bound, proof))[0] == 503

    emptied = caches["default"].get(used_proofs.SINCE)
    caches["default"].set(used_proofs.SINCE, emptied - IAT_SECONDS - 1, None)

    server.authenticate(with_proof(bound, proof))
    assert error_of(server, with_proof(bound, proof)) == (401, "invalid_dpop_proof")


def test_behind_a_proxy_the_address_is_that_of_the_settings(make_server, bound):
    server = make_server(BASE_URL="https://api.example")
    proof = make_proof(KEY, bound, htu="https://api.example/notes?page=2")

    server.authenticate(with_proof(bound, proof))
    assert error_of(server, with_proof(bound, make_proof(KEY, bound)))[0] == 401


@pytest.mark.parametrize("path", ["/a%20b", "/%C3%A9", "/a%252Fb", "/a+b;c=d"])
def test_an_address_may_be_escaped(server, bound, path):
    headers = {"authorization": f"DPoP {bound}"}
    headers["dpop"] = make_proof(KEY, bound, htu=f"http://testserver{path}")

    server.authenticate(RequestFactory().get(path, headers=headers))


def test_a_nonce_is_asked_for_where_the_api_wants_one(make_server, bound):
    server = make_server(DPOP_NONCE_REQUIRED=True)
    answer = answer_to(server, with_proof(bound, make_proof(KEY, bound)))

    assert answer.status_code == 401
    assert 'error="use_dpop_nonce"' in answer["WWW-Authenticate"]
    nonce = answer["DPoP-Nonce"]
    server.authenticate(with_proof(bound, make_proof(KEY, bound, nonce=nonce)))


def test_a_nonce_ends(server, issuer, bound, monkeypatch):
    nonce = answer_to(server, with_proof(bound, make_proof(KEY, bound, nonce="x")))["DPoP-Nonce"]
    server.authenticate(with_proof(bound, make_proof(KEY, bound, nonce=nonce)))
    later = time.time() + 2 * NONCE_SECONDS

    monkeypatch.setattr("time.time", lambda: later)
    token = good_token(issuer, cnf={"jkt": jkt_of(KEY)})
    for old in (nonce, "x", 7):
        request = with_proof(token, make_proof(KEY, token, nonce=old))
        assert error_of(server, request) == (401, "use_dpop_nonce")


# --- certificates ------------------------------------------------------------------------------

CERTIFICATE = new_certificate()
PROXIES = {"CLIENT_CERTIFICATE_HEADER": "Client-Cert", "TRUSTED_PROXIES": ["127.0.0.0/8"]}


@pytest.fixture
def certified(issuer):
    """A token that is bound to ``CERTIFICATE``."""
    return good_token(issuer, cnf={"x5t#S256": mtls.thumbprint(CERTIFICATE)})


@pytest.mark.parametrize("form", FORMS)
def test_a_certified_token_is_taken_with_its_certificate(make_server, certified, form):
    request = request_with(certified, **{"client-cert": form(CERTIFICATE)})

    make_server(**PROXIES).authenticate(request)


@pytest.mark.parametrize(
    "value", ["", "x", as_client_cert(new_certificate()), f"{as_base64(CERTIFICATE)},x"]
)
def test_another_certificate_or_none_is_refused(make_server, certified, value):
    request = request_with(certified, **{"client-cert": value})

    assert error_of(make_server(**PROXIES), request) == (401, "invalid_token")


def test_a_certificate_is_believed_of_the_proxy_alone(make_server, certified):
    server = make_server(**PROXIES)
    for remote, taken in (
        ("127.0.0.9", True),
        ("::ffff:127.0.0.9", True),
        ("192.0.2.1", False),
        ("::1", False),
        ("", False),
        ("x", False),
    ):
        request = request_with(certified, **{"client-cert": as_base64(CERTIFICATE)})
        request.META["REMOTE_ADDR"] = remote
        assert isinstance(answer_to(server, request), HttpResponse) is not taken, remote


def test_a_unix_socket_is_a_proxy_if_it_is_named(make_server, certified):
    server = make_server(**{**PROXIES, "TRUSTED_PROXIES": ["unix"]})
    request = request_with(certified, **{"client-cert": as_base64(CERTIFICATE)})
    request.META["REMOTE_ADDR"] = ""

    server.authenticate(request)


def test_without_the_header_in_the_settings_a_certified_token_is_refused(server, certified):
    request = request_with(certified, **{"client-cert": as_base64(CERTIFICATE)})

    assert error_of(server, request) == (401, "invalid_token")
