"""Applications in the browser, on another origin than ours, and the person in front of them."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.oauth.conftest import PASSWORD

PAGE = Path(__file__).parent / "spa" / "index.html"


class BrowserApplication:
    """An application whose program offers in ``app`` what a test calls."""

    def __init__(self, url: str, window: Page) -> None:
        self.url, self.window = url, window

    def open(self) -> None:
        """Open it in its window."""
        self.window.goto(f"{self.url}/")
        self._wait()

    def ask(self, call: str) -> Any:
        """What a call of the program answers: ``who()``."""
        return self.window.evaluate(f"app.{call}")

    def sign_in(self, decision: str = "Allow") -> Any:
        """Go to the provider, through its pages and back; whom the application knows then."""
        self.window.evaluate("() => { app.signIn() }")
        go_through(self.window, decision)
        self.window.wait_for_url(f"{self.url}/")
        self._wait()
        return self.ask("who()")

    def sign_in_by_pop_up(self, decision: str = "Allow") -> Any:
        """The same in a window beside it, which closes by itself; what the program is answered."""
        with self.window.expect_popup() as opened:
            self.window.evaluate("() => { window.answer = app.popUp().catch(String) }")
        go_through(opened.value, decision)
        answer = self.window.evaluate("window.answer")
        if not opened.value.is_closed():
            opened.value.wait_for_event("close")
        return answer

    def sign_out(self) -> None:
        """Go to the provider to sign out, and come back."""
        self.window.evaluate("() => { app.signOut() }")
        self.window.wait_for_url(f"{self.url}/**")
        self._wait()

    def other_tab(self) -> BrowserApplication:
        """The application in another tab of the same browser."""
        tab = BrowserApplication(self.url, self.window.context.new_page())
        tab.open()
        return tab

    def _wait(self) -> None:
        self.window.locator("#ready").wait_for()


def go_through(window: Page, decision: str) -> None:
    """Sign in on the provider's page, and decide on what it asks then."""
    window.get_by_label("Email").fill("grace@example.com")
    window.get_by_role("textbox", name="Password").fill(PASSWORD)
    window.get_by_role("button", name="Sign in", exact=True).click()
    window.get_by_role("button", name=decision, exact=True).click()


@contextmanager
def serve(
    bundle: Path, chosen: dict[str, Any], port: int, tls: ssl.SSLContext | None
) -> Iterator[None]:
    """Serve an application, by https where ``tls`` is given: every address but those of its program
    is its page."""

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            kind, body = {
                "/app.js": ("text/javascript", bundle.read_bytes),
                "/chosen.json": ("application/json", lambda: json.dumps(chosen).encode()),
            }.get(path, ("text/html", PAGE.read_bytes))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body())

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    if tls:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
