"""The keys of a client follow what it publishes (SECURITY B4: key rotation at jwks_uri)."""

import json

import pytest

from oauth import client_keys
from oauth.models import Client
from tests.oauth.assertions import new_key, public_jwk
from tests.oauth.far_end import far_end


@pytest.fixture
def end():
    """Where a client publishes its keys."""
    with far_end() as serving:
        yield serving


@pytest.fixture
def clock(monkeypatch):
    """The seconds of this process, which the test moves."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def jwks_of(*named, **more):
    return {"keys": [{**public_jwk(key), "kid": kid, **more} for kid, key in named]}


def publish(end, *named):
    end.body = json.dumps(jwks_of(*named)).encode()


def found(client, kid, alg="ES256"):
    return [key.public_numbers() for key in client_keys.find(client, alg=alg, kid=kid)]


def test_registered_keys_are_found_by_their_name_and_algorithm():
    a, b = new_key(), new_key()
    client = Client(metadata={"jwks": jwks_of(("a", a), ("b", b))})

    assert found(client, "a") == [a.public_key().public_numbers()]
    assert len(found(client, None)) == 2
    assert found(client, "c") == found(client, "a", "RS256") == []


@pytest.mark.parametrize("named", [{}, {"alg": "EdDSA"}, {"alg": "Ed25519"}])
@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_an_algorithm_is_known_by_both_its_names(named, alg):
    key = {**public_jwk(new_key("EdDSA"), "EdDSA"), "kid": "a", **named}

    [there] = client_keys.find(Client(metadata={"jwks": {"keys": [key]}}), alg=alg, kid="a")

    assert there.public_bytes_raw()


def test_keys_for_something_else_are_no_keys():
    key = new_key()
    for said in ({"use": "enc"}, {"alg": "PS256"}, {"crv": "P-384"}, {"x": 1}):
        assert found(Client(metadata={"jwks": jwks_of(("a", key), **said)}), "a") == []


def test_a_new_key_at_the_address_is_found_and_an_old_one_forgotten(end, clock):
    old, new = new_key(), new_key()
    client = Client(metadata={"jwks_uri": end.url})
    publish(end, ("old", old))
    assert found(client, "old")

    publish(end, ("new", new))
    clock[0] += client_keys.RETRY_SECONDS

    assert found(client, "new") == [new.public_key().public_numbers()]
    assert found(client, "old") == []


def test_unknown_keys_do_not_make_us_ask_without_end(end, clock):
    publish(end, ("a", new_key()))
    client = Client(metadata={"jwks_uri": end.url})

    for kid in range(20):
        assert found(client, str(kid)) == []

    assert len(end.asked) == 1


@pytest.mark.parametrize("broken", ["status", "body"])
def test_while_the_far_end_is_down_its_last_keys_hold(end, clock, broken):
    publish(end, ("a", new_key()))
    client = Client(metadata={"jwks_uri": end.url})
    assert found(client, "a")

    setattr(end, broken, {"status": 503, "body": b"[" * 9000}[broken])
    clock[0] += client_keys.FRESH_SECONDS

    assert found(client, "a")


def test_a_client_without_keys_has_none():
    assert client_keys.find(Client(), alg="ES256", kid=None) == []
