"""Sessions kept in this process; the browser holds nothing but a signed session ID.

So tokens never reach the browser, and what is taken from a session (a ``state``) is gone for good:
a cookie copied earlier does not bring it back. A site of several processes keeps the same
dictionary in Redis or a database.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

from itsdangerous import BadSignature, Signer
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LIFETIME = 8 * 3600
"""Seconds after which a session is over, counted from its last use."""


class ServerSideSessions:
    """ASGI middleware that gives ``request.session``, a dictionary on the server.

    Its keys ``_id`` and ``_used`` belong to this class.
    """

    def __init__(self, app: ASGIApp, *, cookie: str, secure: bool) -> None:
        self.app = app
        self.cookie = cookie
        self.attributes = "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
        self.signer = Signer(secrets.token_bytes(32))  # new at each start, as the sessions are
        self.sessions: dict[str, dict[str, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Load the session, run the application, keep what it left there."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["sessions"] = self
        session = scope["session"] = self._load(HTTPConnection(scope).cookies.get(self.cookie, ""))
        before = session.get("_id")

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._save(session, before)
                if session.get("_id") != before:
                    cookie = f"{self.cookie}={self._signed(session)}; {self.attributes}"
                    MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        await self.app(scope, receive, send_with_cookie)

    def end(self, meant: Callable[[dict[str, Any]], bool]) -> None:
        """End the sessions that are ``meant``. They are emptied too, so that a request in which
        one is in use just now does not keep it."""
        for key, session in list(self.sessions.items()):
            if meant(session):
                session.clear()
                self.sessions.pop(key, None)

    def _load(self, cookie: str) -> dict[str, Any]:
        try:
            session = self.sessions.get(self.signer.unsign(cookie).decode(), {})
        except BadSignature:
            return {}
        return session if time.time() - session.get("_used", 0) < LIFETIME else {}

    def _save(self, session: dict[str, Any], before: str | None) -> None:
        """Keep the session under its ID; under a new one where ``renew`` took the old away."""
        if session.get("_id") != before and before:
            self.sessions.pop(before, None)
        if not session:
            return
        if "_id" not in session:
            over = time.time() - LIFETIME
            self.sessions = {key: one for key, one in self.sessions.items() if one["_used"] > over}
            session["_id"] = secrets.token_urlsafe(32)
        session["_used"] = time.time()
        self.sessions[session["_id"]] = session

    def _signed(self, session: dict[str, Any]) -> str:
        return self.signer.sign(session["_id"]).decode() if session else '""; Max-Age=0'


def renew(session: dict[str, Any], **contents: Any) -> None:
    """Throw away what the session holds, and its ID, and begin anew with ``contents``.

    At sign-in and sign-out, so that an ID known from before is worth nothing (session fixation).
    """
    session.clear()
    session.update(contents)
