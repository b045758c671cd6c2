"""A token that was found good is not looked at as closely again, and ends as it would have."""

from __future__ import annotations

import time

import jwt
import pytest

from oauth.resource_server import access_token, bearer
from oauth.resource_server.issuer import FRESH_SECONDS

from .calls import AUDIENCE, answer_to, good_token, request_with, takes

OTHER = "https://other.example/"


@pytest.fixture
def tokens_clock(monkeypatch):
    """The clock by which tokens begin and end, moved by ``clock.now += seconds``."""

    class Clock:
        now = time.time()
        time = staticmethod(lambda: Clock.now)

    monkeypatch.setattr(access_token, "time", Clock)
    return Clock


def test_signature_and_form_are_looked_at_once(issuer, server, monkeypatch):
    assert takes(server, good_token(issuer))  # the keys are known from now on
    token = good_token(issuer)
    assert takes(server, token)
    monkeypatch.setattr(jwt, "decode", None)
    monkeypatch.setattr(bearer, "check_form", None)
    assert takes(server, token)


def test_it_ends_when_its_time_is_over(issuer, make_server, tokens_clock):
    server = make_server(LEEWAY=7)
    token = good_token(issuer, exp=int(tokens_clock.now) + 60)
    tokens_clock.now = int(tokens_clock.now) + 66.9
    assert takes(server, token)
    tokens_clock.now += 0.1
    assert not takes(server, token)


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_it_has_not_begun_where_the_clock_was_set_back(issuer, make_server, tokens_clock, claim):
    server = make_server(LEEWAY=7)
    token = good_token(issuer, **{claim: int(tokens_clock.now)})
    assert takes(server, token)
    tokens_clock.now = int(tokens_clock.now) - 8
    assert not takes(server, token)


def test_it_ends_with_its_key(issuer, server, clock):
    token = good_token(issuer)
    assert takes(server, token)
    issuer.keys.clear()
    issuer.add_key("two")
    clock.now += FRESH_SECONDS
    assert not takes(server, token)


def test_it_outlives_another_fetch_of_the_same_keys(issuer, server, clock):
    token = good_token(issuer)
    assert takes(server, token)
    clock.now += FRESH_SECONDS
    assert takes(server, token)
    assert issuer.jwks_requests == 2


def test_what_is_good_at_one_api_is_not_at_another(issuer, make_server):
    token = good_token(issuer)
    here, there = make_server(), make_server(AUDIENCE=OTHER)
    for _ in range(2):
        assert takes(here, token)
        assert not takes(there, token)
    for_both = good_token(issuer, aud=[AUDIENCE, OTHER])
    assert takes(here, for_both)
    assert takes(there, for_both)


def test_nobody_can_change_what_is_remembered(issuer, server):
    token = good_token(issuer)
    for _ in range(3):
        claims = answer_to(server, request_with(token)).claims
        assert claims.get("scope") != "everything"
        claims["scope"] = "everything"


def test_two_tokens_of_which_one_is_known_are_two(issuer, server):
    token = good_token(issuer)
    assert takes(server, token)
    assert answer_to(server, request_with(f"{token}, {token}")).status_code == 400
    assert answer_to(server, request_with(f"{token},")).status_code == 400
