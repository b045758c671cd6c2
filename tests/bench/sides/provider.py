"""An authorization server of whatever make: its clients, its person and its addresses."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.bench.browser import Browser, post
from tests.bench.request import FORM, PLACE, Request
from tests.bench.serving import WORKERS
from tests.bench.sides.side import Side

VERIFIER = "a-code-verifier-that-is-long-enough-for-RFC-7636-section-4.1"
CHALLENGE = "N_Et3xItTC50PHk2FTp8Vzj_rvVMZN90n34k5uLXxv0"
CODE = r"[?&]code=([^&\s]+)"
BY_SECRET = ("client_credentials", "introspection", "code", "refresh")
"""The operations in which a client proves itself."""
REFRESH_TOKEN = r'"refresh_token": ?"([^"]+)"'


@dataclass(frozen=True)
class Client:
    """An OAuth client, which proves itself by its secret in the header."""

    client_id: str
    secret: str
    redirect_uri: str = "http://localhost:9000/callback"

    @property
    def basic(self) -> dict[str, str]:
        """The header (RFC 6749 §2.3.1)."""
        pair = f"{self.client_id}:{self.secret}".encode()
        return {"Authorization": f"Basic {b64encode(pair).decode()}"}


@dataclass(frozen=True, eq=False)
class Provider(Side):
    """What is asked of each, and how."""

    service: Client = field(kw_only=True)
    """May have tokens of its own."""
    web: Client = field(kw_only=True)
    """May have codes and refresh tokens."""
    paths: dict[str, str] = field(kw_only=True)
    """jwks, discovery, token, userinfo, introspection, authorize, signin."""
    person: dict[str, str] = field(kw_only=True)
    """The fields of the sign-in form."""
    consent: dict[str, str] = field(default_factory=dict, kw_only=True)
    """The fields of the consent form."""
    scope: str = field(default="openid", kw_only=True)
    service_scope: str = field(default="", kw_only=True)
    redirect_status: int = field(default=302, kw_only=True)
    hashes_secrets: bool = field(default=False, kw_only=True)
    """Whether it does with client secrets what is made for passwords: 0.4 s of a core each."""
    session_cookie: str = field(default="", kw_only=True)
    """Its name, of those whose sign-in form is measured."""

    def connections(self, operation: str) -> int:
        """As many as there are workers, where more would only wait for hashes for seconds."""
        slow = self.hashes_secrets and operation in BY_SECRET
        return int(WORKERS) if slow else super().connections(operation)

    def request(self, operation: str) -> Request | None:
        """By the method of that name; codes come of an authorization request."""
        make = getattr(self, "_authorize" if operation == "code" else f"_{operation}", None)
        if make is None or self.paths.get(operation) == "":
            return None
        made: Request = make()
        return made

    # --- what needs nobody --------------------------------------------------------------------

    def _client_credentials(self) -> Request:
        form = {"grant_type": "client_credentials"}
        if self.service_scope:
            form["scope"] = self.service_scope
        return Request(
            "POST",
            self.paths["token"],
            urlencode(form),
            {**FORM, **self.service.basic},
            contains="access_token",
        )

    def _jwks(self) -> Request:
        return Request("GET", self.paths["jwks"], contains='"keys"')

    def _discovery(self) -> Request:
        return Request("GET", self.paths["discovery"], contains="token_endpoint")

    def _introspection(self) -> Request:
        asked = self._client_credentials()
        path = asked.path
        token = post(self.port, path, _pairs(asked.body), **self.service.basic)["access_token"]
        return Request(
            "POST",
            self.paths["introspection"],
            urlencode({"token": token}),
            {**FORM, **self.service.basic},
            contains="client_id",
        )

    # --- what a person does -------------------------------------------------------------------

    @cached_property
    def browser(self) -> Browser:
        """Where the person is signed in and has consented."""
        browser = Browser(self.port)
        self.sign_in(browser)
        self.authorize(browser)
        return browser

    def sign_in(self, browser: Browser) -> None:
        """By the form."""
        browser.go(self.paths["signin"])
        browser.submit(self.person)

    def authorize(self, browser: Browser) -> str:
        """From the request to the code, by way of the consent page where there is one."""
        at = browser.go(self.authorization_url())
        if not at.startswith(self.web.redirect_uri):
            at = browser.submit(self.consent)
        code = parse_qs(urlsplit(at).query).get("code")
        if code is None:
            raise SystemExit(f"{self.name} gave no code: {at[:400]}")
        return code[0]

    def authorization_url(self, **more: str) -> str:
        """Of a request for a code (RFC 6749 §4.1.1), with PKCE."""
        query = {
            "response_type": "code",
            "client_id": self.web.client_id,
            "redirect_uri": self.web.redirect_uri,
            "scope": self.scope,
            "state": "a-state-of-some-length",
            "nonce": "a-nonce-of-some-length",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **more,
        }
        return f"{self.paths['authorize']}?{urlencode(query)}"

    def _authorize(self) -> Request:
        return Request(
            "GET",
            self.authorization_url(),
            headers={"Cookie": self.browser.cookie},
            status=self.redirect_status,
            taken=CODE,
        )

    def _consent_page(self) -> Request:
        url = self.authorization_url(prompt="consent")
        return Request("GET", url, headers={"Cookie": self.browser.cookie}, contains="<form")

    def _signin_page(self) -> Request:
        return Request("GET", self.paths["signin"], contains="<form")

    def _signin_post(self) -> Request:
        """In a browser that the person has used before, and is signed out in."""
        browser = Browser(self.port)
        self.sign_in(browser)
        del browser.cookies[self.session_cookie]
        browser.go(self.paths["signin"])
        return Request(
            "POST",
            self.paths["signin"],
            urlencode(browser.filled_in(self.person)),
            {**FORM, "Cookie": browser.cookie, "Origin": browser.origin},
            status=302,
            contains=f"{self.session_cookie}=",
        )

    def exchange(self, code: str) -> dict[str, Any]:
        """The tokens for a code."""
        asked = self.redemption(())
        body = asked.body.replace(PLACE, code)
        return post(self.port, asked.path, _pairs(body), **self.web.basic)

    def redemption(self, codes: tuple[str, ...]) -> Request:
        """Of these codes, each once (RFC 6749 §4.1.3)."""
        form = urlencode(
            {
                "grant_type": "authorization_code",
                "redirect_uri": self.web.redirect_uri,
                "code_verifier": VERIFIER,
            }
        )
        return Request(
            "POST",
            self.paths["token"],
            f"{form}&code={PLACE}",
            {**FORM, **self.web.basic},
            contains="id_token",
            values=codes,
            taken=REFRESH_TOKEN,
        )

    def refreshing(self, tokens: tuple[str, ...]) -> Request:
        """Of each of these tokens, and then of what each became (RFC 6749 §6)."""
        return Request(
            "POST",
            self.paths["token"],
            f"grant_type=refresh_token&refresh_token={PLACE}",
            {**FORM, **self.web.basic},
            values=tokens,
            taken=REFRESH_TOKEN,
            chained=True,
        )

    def _userinfo(self) -> Request:
        token = self.exchange(self.authorize(self.browser))["access_token"]
        return Request(
            "GET",
            self.paths["userinfo"],
            headers={"Authorization": f"Bearer {token}"},
            contains='"sub"',
        )


def _pairs(form: str) -> Iterator[tuple[str, str]]:
    for name, values in parse_qs(form).items():
        for value in values:
            yield name, value
