"""``private_key_jwt`` (RFC 7523 §3; SECURITY B4)."""

import time

import pytest

from oauth import client_assertion
from oauth.client_metadata import SIGNING_ALGS
from oauth.issuer import endpoint, issuer
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


@pytest.mark.parametrize("alg", SIGNING_ALGS)
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

    later = time.time() + 60 + client_assertion.LEEWAY_SECONDS + 1
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
