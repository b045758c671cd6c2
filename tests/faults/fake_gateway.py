"""A gateway for text messages that does what gateways do on bad days."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass
class FakeGateway:
    """What it is to do with the next requests, in order, and then to accept all; what came, and
    what it sent on: for each idempotency key once."""

    url: str = ""
    faults: list[str] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def take(self, headers: dict[str, str], body: bytes) -> None:
        """Send it on, unless it was sent before."""
        if headers.get("Content-Type") == "application/json":
            self.sent.setdefault(headers["Idempotency-Key"], json.loads(body))
        else:
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            self.sent[str(len(self.sent))] = form


class _Handler(BaseHTTPRequestHandler):
    gateway: FakeGateway

    def do_POST(self) -> None:
        """``hang`` and ``drop`` come before it is taken, ``take-and-drop`` after; else a status,
        perhaps with ``:`` and a Retry-After."""
        gateway, headers = self.gateway, dict(self.headers)
        body = self.rfile.read(int(headers["Content-Length"]))
        gateway.requests.append((headers, body))
        fault = gateway.faults.pop(0) if gateway.faults else "201"
        if fault == "hang":
            gateway.over.wait()
            self.close_connection = True
            return
        if fault in ("drop", "take-and-drop"):
            if fault == "take-and-drop":
                gateway.take(headers, body)
            self.close_connection = True
            return
        status, _, wait = fault.partition(":")
        if status == "201":
            gateway.take(headers, body)
        answer = json.dumps({"id": "theirs", "sid": "SM1", "code": 21211}).encode()
        self.send_response(int(status))
        if wait:
            self.send_header("Retry-After", wait)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def fake_gateway() -> Iterator[FakeGateway]:
    """It listens on a port of its own until the block ends."""
    gateway = FakeGateway()
    handler = type("Handler", (_Handler,), {"gateway": gateway})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    gateway.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield gateway
    finally:
        gateway.over.set()
        server.shutdown()
        server.server_close()
