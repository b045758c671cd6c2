"""The issuer's keys are kept, and asked for when they have to be."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from oauth.resource_server import issuer as kit_issuer
from oauth.resource_server import kept
from oauth.resource_server.errors import Unavailable
from oauth.resource_server.fetch import FetchError, fetch
from oauth.resource_server.issuer import parse
from oauth.resource_server.kept import Fetched, Kept
from tests.examples.issuer import Issuer
from tests.oauth.assertions import new_key, public_jwk
from tests.oauth.far_end import far_end
from tests.parallel import at_once

from .calls import answer_to, error_of, good_token, request_with, takes


def test_once_warm_a_request_asks_nobody(issuer, server):
    assert takes(server, good_token(issuer))
    asked = len(issuer.asked)

    assert all(takes(server, good_token(issuer)) for _ in range(50))
    assert len(issuer.asked) == asked


def test_a_cold_start_under_load_asks_once(issuer, server):
    token = good_token(issuer)

    assert all(at_once(lambda: takes(server, token)))
    assert issuer.asked == ["/.well-known/openid-configuration", "/jwks"]


def test_an_unknown_key_id_asks_anew_and_finds_a_new_key(issuer, server, clock):
    assert takes(server, good_token(issuer))
    issuer.add_key("two")
    clock.now += kept.RETRY_SECONDS

    assert takes(server, good_token(issuer, kid="two"))
    assert issuer.jwks_requests == 2


def test_unknown_key_ids_ask_no_more_often_than_the_limit(issuer, server, clock):
    stranger = Issuer(url=issuer.url)
    for number in range(10):
        stranger.add_key(f"stranger-{number}")
        clock.now += 1
        assert not takes(server, good_token(stranger, kid=f"stranger-{number}"))

    assert issuer.jwks_requests == 1
    clock.now += kept.RETRY_SECONDS
    at_once(lambda: takes(server, good_token(stranger, kid="stranger-1")))
    assert issuer.jwks_requests == 2


def test_keys_are_asked_for_anew_from_time_to_time_so_that_a_withdrawn_one_ends(
    issuer, server, clock
):
    issuer.add_key("two")
    token = good_token(issuer)
    assert takes(server, token)
    del issuer.keys["one"]

    clock.now += kit_issuer.FRESH_SECONDS
    assert not takes(server, token)


def test_the_last_keys_serve_while_the_issuer_is_down_for_a_bounded_time(issuer, server, clock):
    token = good_token(issuer)
    assert takes(server, token)
    issuer.status = 500

    clock.now += kit_issuer.FRESH_SECONDS
    assert takes(server, token)
    clock.now += kit_issuer.USABLE_SECONDS
    assert error_of(server, request_with(token)) == (503, "")


def test_an_issuer_that_was_never_reached_is_a_503_and_asked_again_soon(issuer, server, clock):
    token = good_token(issuer)
    issuer.status = 500

    answer = answer_to(server, request_with(token))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "WWW-Authenticate" not in answer
    issuer.status = 200
    assert error_of(server, request_with(token))[0] == 503
    clock.now += kept.COLD_RETRY_SECONDS
    assert takes(server, token)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example", "jwks_uri": "https://evil.example/jwks"},
        {"jwks_uri": "https://evil.example/jwks"},
        {"issuer": None},
        [],
        "x",
    ],
)
def test_metadata_of_another_issuer_are_not_believed(issuer, server, metadata):
    issuer.pages["/.well-known/openid-configuration"] = json.dumps(metadata)

    assert error_of(server, request_with(good_token(issuer)))[0] == 503


@pytest.mark.parametrize("uri", ["http://keys.example/", "file:///etc/passwd", "x", 7, None])
def test_keys_are_fetched_by_https_alone(issuer, server, uri):
    issuer.metadata["jwks_uri"] = uri

    assert error_of(server, request_with(good_token(issuer)))[0] == 503


@pytest.mark.parametrize(
    "jwks", ["", "x", "[]", "{}", '{"keys": 7}', "[" * 100_000, " " * 300_000 + '{"keys": []}']
)
def test_what_is_no_key_set_is_as_good_as_none(issuer, server, jwks):
    issuer.pages["/jwks"] = jwks

    assert error_of(server, request_with(good_token(issuer)))[0] == 503


def test_an_answer_that_drips_ends_in_time():
    with far_end() as slow:
        slow.body, slow.pause = b" " * 4096 * 20, 0.1
        with pytest.raises(FetchError):
            fetch(slow.url, seconds=0.5, max_bytes=10**6)


def test_a_redirect_is_not_followed(issuer, make_server):
    with far_end() as elsewhere:
        elsewhere.status, elsewhere.headers = 302, {"Location": f"{issuer.url}/jwks"}
        server = make_server(JWKS_URI=elsewhere.url)

        assert error_of(server, request_with(good_token(issuer)))[0] == 503


def test_a_port_that_nobody_listens_on_is_a_503(issuer, make_server):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        server = make_server(JWKS_URI=f"http://127.0.0.1:{closed.getsockname()[1]}/")

        assert error_of(server, request_with(good_token(issuer)))[0] == 503


def test_keys_that_can_not_sign_tokens_are_left_out():
    key = public_jwk(new_key())
    members = [
        {**key, "kid": "good"},
        {**key, "kid": "for encryption", "use": "enc"},
        {**key, "kid": "of another alg", "alg": "ES512"},
        {**key, "kid": 7},
        {**key, "kid": "private", "d": "AQ"},
        {"kty": "oct", "k": "AQ", "kid": "symmetric"},
        {**key, "kid": "off the curve", "x": "AQ"},
        key,
        "x",
        None,
    ]

    found = parse({"keys": members}, ["ES256", "RS256"])

    usable = {kid: list(by_alg) for kid, by_alg in found.items() if by_alg}
    assert usable == {"good": ["ES256"]}


def test_who_finds_a_stale_answer_takes_it_while_another_asks():
    started, go_on = threading.Event(), threading.Event()
    answers = iter(["old", "new"])

    def ask():
        answer = next(answers)
        if answer == "new":
            started.set()
            assert go_on.wait(20)
        return Fetched(answer, fresh_seconds=0, usable_seconds=1000)

    question = Kept(ask)
    assert question.renewed() == "old"
    question._asked_at = float("-inf")
    asker = threading.Thread(target=question.current)
    asker.start()
    assert started.wait(20)

    assert question.current() == "old"
    go_on.set()
    asker.join()
    assert question._usable() == "new"


def test_nothing_to_fall_back_on_is_unavailable():
    def ask():
        raise ValueError

    with pytest.raises(Unavailable):
        Kept(ask).current()
