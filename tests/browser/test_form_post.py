"""The answer in a form (OAuth 2.0 Form Post Response Mode), sent by a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import authorization_url, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def posted(client) -> Iterator[Queue[dict[str, list[str]]]]:
    """What the client's redirect URI is sent by POST."""
    received: Queue[dict[str, list[str]]] = Queue()

    class Callback(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.put(parse_qs(body.decode()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("localhost", urlsplit(client.redirect_uris).port or 0), Callback)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_the_answer_is_posted_to_the_client(open_window, issuer, client, alice, posted, scripts):
    page = open_window(java_script_enabled=scripts)
    page.goto(authorization_url(issuer, client, response_mode="form_post"))
    sign_in(page)
    page.get_by_role("button", name="Allow", exact=True).click()
    if not scripts:
        page.get_by_role("button", name="Continue").click()

    page.wait_for_url(client.redirect_uris)
    answer = posted.get(timeout=10)
    assert answer["state"] == ["af0ifjsldkj"]
    assert answer["iss"] == [issuer]
    assert answer["code"]
