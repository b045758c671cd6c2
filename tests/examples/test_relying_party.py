"""The example relying party keeps the rules of OpenID Connect towards any provider."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from .issuer import CLIENT_ID, Issuer


class Browser:
    """A browser that goes to the provider and back, with the provider's part played here."""

    def __init__(self, rp: str, issuer: Issuer) -> None:
        self.rp, self.issuer = rp, issuer
        self.http = requests.Session()

    def get(self, path: str) -> requests.Response:
        return self.http.get(f"{self.rp}{path}", timeout=20)

    def post(self, path: str) -> requests.Response:
        return self.http.post(f"{self.rp}{path}", timeout=20)

    def ask(self, query: str = "") -> dict[str, str]:
        """Press "Sign in": the authorization request that reaches the provider."""
        answer = self.http.get(f"{self.rp}/login{query}", timeout=20, allow_redirects=False)
        assert answer.headers["Location"].startswith(f"{self.issuer.url}/authorize?"), answer.text
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def answer(self, asked: dict[str, str], **changes: str | None) -> requests.Response:
        """The provider sends the browser back with a code."""
        self.issuer.codes["a-code"] = asked
        given = {"code": "a-code", "state": asked["state"], "iss": self.issuer.url, **changes}
        params = {name: value for name, value in given.items() if value is not None}
        return self.http.get(f"{self.rp}/callback", params=params, timeout=20)

    def sign_in(self) -> requests.Response:
        return self.answer(self.ask())


@pytest.fixture
def browser(issuer: Issuer, run_example: Callable[..., str]) -> Browser:
    """A browser that has the relying party open."""
    rp = run_example(
        "relying_party",
        "RP_PORT",
        ISSUER_URL=issuer.url,
        CLIENT_ID=CLIENT_ID,
        CLIENT_SECRET="a-secret",
        API_URL=f"{issuer.url}/api",
    )
    return Browser(rp, issuer)


def test_the_request_carries_what_protects_it(browser: Browser) -> None:
    asked = browser.ask("?prompt=login&max_age=60&unknown=1")

    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 20
    assert len(asked["nonce"]) >= 20
    assert asked["scope"] == "openid profile email offline_access api:read"
    assert asked["resource"] == f"{browser.issuer.url}/api"
    assert (asked["prompt"], asked["max_age"]) == ("login", "60")
    assert "unknown" not in asked


def test_a_person_signs_in_and_sees_the_claims_escaped(browser: Browser) -> None:
    page = browser.sign_in()

    assert page.status_code == 200
    assert "Signed in" in page.text
    assert "person-1" in page.text
    assert "Alice &lt;b&gt;Example&lt;/b&gt;" in page.text


def test_the_cookie_holds_no_token_and_changes_at_sign_in(browser: Browser) -> None:
    asked = browser.ask()
    before = browser.http.cookies["rp_session"]
    browser.answer(asked)
    after = browser.http.cookies["rp_session"]

    assert before != after
    assert len(after) < 100
    browser.http.cookies.set("rp_session", before, domain="127.0.0.1", path="/")
    assert "Sign in" in browser.get("/").text


def test_pages_are_not_cached_and_allow_no_script(browser: Browser) -> None:
    answer = browser.get("/")

    assert "script" not in answer.text
    assert "style=" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Cache-Control"] == "no-store"
    assert browser.get("/static/style.css").status_code == 200


def test_an_answer_is_taken_once(browser: Browser) -> None:
    asked = browser.ask()
    cookie = browser.http.cookies["rp_session"]
    assert browser.answer(asked).status_code == 200

    browser.http.cookies.clear()
    browser.http.cookies.set("rp_session", cookie, domain="127.0.0.1", path="/")
    again = browser.answer(asked)

    assert again.status_code == 400
    assert len(browser.issuer.token_requests) == 1


@pytest.mark.parametrize(
    "changes",
    [{"state": "another"}, {"state": None}, {"iss": "https://evil.example"}, {"iss": None}],
    ids=["another state", "no state", "another issuer", "no issuer"],
)
def test_a_wrong_answer_is_refused_before_the_code_is_sent_anywhere(
    browser: Browser, changes: dict[str, str | None]
) -> None:
    page = browser.answer(browser.ask(), **changes)

    assert page.status_code == 400
    assert "That did not work" in page.text
    assert browser.issuer.token_requests == []
    assert "Sign in" in browser.get("/").text


def test_another_browser_can_not_use_the_answer(browser: Browser) -> None:
    asked = browser.ask()
    stranger = Browser(browser.rp, browser.issuer)

    assert stranger.answer(asked).status_code == 400


@pytest.mark.parametrize(
    "claims",
    [{"nonce": "another"}, {"aud": "another-client"}, {"iss": "https://evil.example"}, {"exp": 1}],
    ids=["nonce", "aud", "iss", "exp"],
)
def test_a_wrong_id_token_is_refused(browser: Browser, claims: dict[str, object]) -> None:
    browser.issuer.id_token_claims = claims

    assert browser.sign_in().status_code == 400
    assert "Sign in" in browser.get("/").text


def test_userinfo_about_another_person_is_refused(browser: Browser) -> None:
    browser.issuer.userinfo = {"sub": "person-2"}

    assert browser.sign_in().status_code == 400


def test_a_provider_of_another_name_is_refused(browser: Browser) -> None:
    browser.issuer.metadata["issuer"] = "https://evil.example"

    assert browser.get("/login").status_code == 400


def test_an_error_answer_is_shown_as_text(browser: Browser) -> None:
    page = browser.get(
        "/callback?"
        + "&".join(
            [
                f"iss={browser.issuer.url}",
                "error=access_denied",
                "error_description=<script>no",
            ]
        )
    )

    assert page.status_code == 400
    assert "access_denied" in page.text
    assert "&lt;script&gt;no" in page.text


def test_refresh_sends_the_token_once_and_keeps_the_next(browser: Browser) -> None:
    browser.sign_in()
    assert "Tokens refreshed" in browser.post("/refresh").text
    browser.post("/refresh")

    sent = [form["refresh_token"] for form in browser.issuer.token_requests[1:]]
    assert len(sent) == len(set(sent)) == 2
    assert "access-2" in browser.post("/api-call").text


def test_the_api_is_called_with_the_access_token(browser: Browser) -> None:
    browser.sign_in()

    assert "Bearer access-1" in browser.post("/api-call").text


def test_signing_out_ends_both_sessions(browser: Browser) -> None:
    browser.sign_in()
    answer = browser.http.post(f"{browser.rp}/logout", timeout=20, allow_redirects=False)
    there = urlsplit(answer.headers["Location"])
    query = dict(parse_qsl(there.query))

    assert answer.headers["Location"].startswith(f"{browser.issuer.url}/logout?")
    assert query["id_token_hint"].count(".") == 2
    assert query["post_logout_redirect_uri"].endswith("/")
    assert "rp_session" not in browser.http.cookies
    assert "Sign in" in browser.get("/").text


@pytest.mark.parametrize("path", ["/refresh", "/api-call", "/logout"])
def test_what_changes_something_is_not_a_link(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 405
