"""The example relying party ends its session when its provider says so, and for nobody else."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from .issuer import CLIENT_ID, Issuer
from .test_relying_party import Browser
from .test_relying_party import browser as browser

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LEAVE_OUT = object()


@pytest.fixture
def signed_in(browser: Browser) -> Browser:
    """A browser that is signed in, in the session ``session-1`` of the provider."""
    browser.issuer.id_token_claims = {"sid": "session-1"}
    browser.sign_in()
    assert is_signed_in(browser)
    return browser


def is_signed_in(browser: Browser) -> bool:
    return "person-1" in browser.get("/").text


def logout_token(
    issuer: Issuer, *, kid: str = "one", typ: str = "logout+jwt", **changes: Any
) -> str:
    now = int(time.time())
    claims = {
        "iss": issuer.url,
        "aud": CLIENT_ID,
        "sub": "person-1",
        "sid": "session-1",
        "iat": now,
        "exp": now + 120,
        "jti": f"token-{time.monotonic_ns()}",
        "events": {EVENT: {}},
        **changes,
    }
    kept = {name: value for name, value in claims.items() if value is not LEAVE_OUT}
    return issuer.sign(kept, kid=kid, typ=typ)


def tell(browser: Browser, token: str) -> requests.Response:
    return requests.post(
        f"{browser.rp}/backchannel-logout", data={"logout_token": token}, timeout=20
    )


@pytest.mark.parametrize("changes", [{}, {"sub": LEAVE_OUT}, {"sid": LEAVE_OUT}])
def test_the_session_ends_when_the_provider_says_so(
    signed_in: Browser, changes: dict[str, Any]
) -> None:
    answer = tell(signed_in, logout_token(signed_in.issuer, **changes))

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert not is_signed_in(signed_in)


@pytest.mark.parametrize("changes", [{"sid": "session-2"}, {"sub": "person-2"}])
def test_another_session_goes_on(signed_in: Browser, changes: dict[str, Any]) -> None:
    assert tell(signed_in, logout_token(signed_in.issuer, **changes)).status_code == 200

    assert is_signed_in(signed_in)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"exp": 1},
        {"exp": LEAVE_OUT},
        {"iat": LEAVE_OUT},
        {"iat": 10**11},
        {"jti": LEAVE_OUT},
        {"events": LEAVE_OUT},
        {"events": {}},
        {"events": {EVENT: "yes"}},
        {"nonce": "n"},
        {"sub": LEAVE_OUT, "sid": LEAVE_OUT},
        {"typ": "JWT"},
    ],
    ids=lambda changes: " ".join(changes),
)
def test_what_is_no_logout_token_for_us_ends_nothing(
    signed_in: Browser, changes: dict[str, Any]
) -> None:
    answer = tell(signed_in, logout_token(signed_in.issuer, **changes))

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert is_signed_in(signed_in)


def test_what_another_has_signed_ends_nothing(signed_in: Browser) -> None:
    stranger = Issuer(url=signed_in.issuer.url)
    stranger.add_key("one")
    stranger.add_key("two")
    asked = signed_in.issuer.jwks_requests

    for token in (
        logout_token(stranger),
        *(logout_token(stranger, kid="two") for _ in range(5)),
        "a.b.c",
        "",
    ):
        assert tell(signed_in, token).status_code == 400

    assert is_signed_in(signed_in)
    assert signed_in.issuer.jwks_requests <= asked + 2


def test_a_key_that_is_new_is_fetched(signed_in: Browser) -> None:
    signed_in.issuer.add_key("two")

    assert tell(signed_in, logout_token(signed_in.issuer, kid="two")).status_code == 200
    assert not is_signed_in(signed_in)


def test_a_token_counts_once(signed_in: Browser) -> None:
    token = logout_token(signed_in.issuer)
    tell(signed_in, token)
    signed_in.sign_in()

    assert tell(signed_in, token).status_code == 400
    assert is_signed_in(signed_in)


def test_a_body_without_end_is_not_read(signed_in: Browser) -> None:
    assert tell(signed_in, "x" * 200_000).status_code == 400
