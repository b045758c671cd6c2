"""Scripts of other origins in Chromium: what may be sent, and what may be read (SECURITY J7)."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Request

from .conftest import register

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = (
    *("MCP-Protocol-Version", "sentry-trace", "baggage", "traceparent", "X-Requested-With"),
    *("Cache-Control", "Auth0-Client", "Authorization", "DPoP"),
)
ADDED = dict.fromkeys(NAMES, "1")
ASK = """async ([address, options]) => {
    try {
        const answer = await fetch(address, options);
        return [answer.status, answer.headers.has('www-authenticate'), await answer.text()];
    } catch (error) {
        return String(error);
    }
}"""
REFUSED = "TypeError: Failed to fetch"


class _Page(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def pages(chromium):
    """A window at the application's own origin, and one at another."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = chromium.new_context()
    found = []
    for host in ("localhost", "127.0.0.1"):
        found.append(context.new_page())
        found[-1].goto(f"http://{host}:{server.server_port}/")
    own = f"http://localhost:{server.server_port}"
    register("none", redirect_uris=f"{own}/callback", allowed_origins=own)
    yield found
    context.close()
    server.shutdown()
    server.server_close()


def requests(issuer: str) -> list[tuple[str, str]]:
    """Each address that a page calls, and how."""
    return [
        (f"{issuer}/.well-known/openid-configuration", "GET"),
        (f"{issuer}/.well-known/oauth-authorization-server", "GET"),
        (f"{issuer}/.well-known/jwks.json", "GET"),
        *((f"{issuer}/oauth/{name}", "POST") for name in ("token", "revoke", "introspect", "par")),
        (f"{issuer}/oauth/device_authorization", "POST"),
        (f"{issuer}/oauth/register", "POST"),
        (f"{issuer}/oauth/token", "PUT"),
        (f"{issuer}/oauth/status-lists", "GET"),
        (f"{issuer}/oauth/status-lists/1", "GET"),
        *((f"{issuer}/oauth/register/x", method) for method in ("GET", "PUT", "DELETE")),
        (f"{issuer}/oauth/userinfo", "GET"),
    ]


def test_any_page_may_send_any_header_and_read_every_answer(issuer, pages):
    for page in pages:
        for address, method in requests(issuer):
            answer: Any = page.evaluate(ASK, [address, {"method": method, "headers": ADDED}])
            assert answer[0] in (200, 400, 401, 404, 405), (address, method, answer)
        assert answer[1], "WWW-Authenticate can be read"


def test_credentials_mode_is_for_origins_of_public_clients_alone(issuer, pages):
    own, other = pages
    for address, method in requests(issuer):
        for headers in ({}, ADDED):
            options = {"method": method, "headers": headers, "credentials": "include"}
            assert isinstance(own.evaluate(ASK, [address, options]), list), (address, method)
            assert other.evaluate(ASK, [address, options]) == REFUSED


def test_the_session_that_a_browser_sends_along_changes_no_answer(issuer, pages, person):
    """Ports are no part of a site: here it does send the cookie."""
    own, _ = pages
    without = [own.evaluate(ASK, [at, {"method": how}]) for at, how in requests(issuer)]
    signed_in = Client()
    signed_in.force_login(get_user_model().objects.get())
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": signed_in.cookies[name].value, "url": issuer}
    own.context.add_cookies([cookie])
    sent: list[Request] = []
    own.on("requestfinished", lambda request: sent.append(request))

    include = {"credentials": "include", "cache": "no-store"}
    with_it = [own.evaluate(ASK, [at, {"method": how, **include}]) for at, how in requests(issuer)]

    assert with_it == without
    asked = [request for request in sent if request.method != "OPTIONS"]
    assert len(asked) == len(with_it)
    for request in asked:
        assert f"{name}={cookie['value']}" in request.all_headers()["cookie"]
