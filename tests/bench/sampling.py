"""Where the time of a request goes, in one process: ``python -m tests.bench.sampling``.

The site's WSGI application is called again and again, as a server calls it, with all its
middleware. A timer of the system's looks at the stack whenever the process has spent another few
milliseconds of a core: unlike a profiler that follows each call, it costs next to nothing and makes
no part longer than another. A look counts for the innermost function that belongs to a part; what
the standard library does, or a tool of Django's, is of whoever asked it to.

Standard input is a JSON object: ``port``, ``seconds`` of a core for each job, and ``jobs``, pairs
of a name and a request, of which each may spend what the one before it was given. The answer tells
of each job its requests, its seconds of a core, those of the database, and the looks by part.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sys
import time
from collections import Counter
from types import FrameType
from typing import Any

from tests.bench.processes import cpu_seconds
from tests.bench.request import PLACE, Request

PARTS = (
    ("signatures", ("/cryptography/", "/jwt/", "/jws.py", "/oauth/keys.py", "/oauth/signer.py")),
    (
        "database client",
        ("/psycopg", "/django/db/", "/ostiary/prepared.py", "/idp_site/postgresql"),
    ),
    ("templates and forms", ("/django/template/", "/django/forms/", "/translation/")),
    ("", ("/django/utils/",)),
    (
        "session and person",
        ("/sessions", "/session_engines/", "/contrib/auth/", "/redis/", "/assurance.py"),
    ),
    (
        "middleware",
        ("middleware", "/idp_site/", "/whitenoise/", "/ostiary/flow_language.py", "/logging/"),
    ),
    ("client authentication", ("/oauth/client_", "/oauth/models/client")),
    ("parameters", ("/oauthlib/", "/oauth2_provider/", "/oauth/parameters.py", "/urllib/")),
    ("Django", ("/django/",)),
    ("the endpoint itself", ("/oauth/", "/ostiary/", "/accounts/", "/mfa/", "/passkeys/")),
)
"""What belongs to a part is told by the file that it is in, the first that fits. What has none is
of whoever called it."""
OWN = "the bench itself"
"""What is of no part is what makes the requests and looks at the answers: it isn't told."""
INTERVAL = 0.001
"""Seconds of a core between two looks, where the system can count so finely."""
LONGEST = 20
"""Seconds by the clock, where others are at work: a code is good for sixty."""
WARM_UP = 30
"""Requests, of those that can be repeated."""


class Looks:
    """Counts them by part."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self._parts: dict[str, str] = {}

    def look(self, number: int, frame: FrameType | None) -> None:
        """Of a signal."""
        while frame is not None:
            name = frame.f_code.co_filename
            part = self._parts.get(name)
            if part is None:
                part = self._parts[name] = part_of(name)
            if part:
                self.found[part] += 1
                return
            frame = frame.f_back
        self.found[OWN] += 1

    def __enter__(self) -> Looks:
        signal.signal(signal.SIGPROF, self.look)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_IGN)


def part_of(file: str) -> str:
    """The part that what is in the file belongs to; none of a tool."""
    return next((name for name, marks in PARTS if any(mark in file for mark in marks)), "")


def environ(request: Request, host: str, value: str) -> dict[str, Any]:
    """What a WSGI server makes of a request (PEP 3333)."""
    path, _, query = request.path.partition("?")
    body = request.body.replace(PLACE, value).encode()
    found = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": host.partition(":")[0],
        "SERVER_PORT": host.partition(":")[2],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": host,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if body:
        found["CONTENT_LENGTH"] = str(len(body))
    for name, told in request.headers.items():
        key = name.upper().replace("-", "_")
        found[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = told
    return found


class Caller:
    """Calls the application for one job."""

    def __init__(self, application: Any, request: Request, host: str, values: list[str]) -> None:
        self.application = application
        self.request = request
        self.host = host
        self.values = values
        self.taken: list[str] = []
        self._pattern = re.compile(request.taken) if request.taken else None

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left to send."""
        return PLACE in self.request.body and not self.values

    def call(self) -> None:
        """Once. Raises ``SystemExit`` if the answer is wrong."""
        value = self.values.pop() if self.values else ""
        head: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            head.append(status)
            head.extend(f"{name}: {told}" for name, told in headers)

        response = self.application(environ(self.request, self.host, value), start)
        body = b"".join(response)
        if hasattr(response, "close"):
            response.close()
        answer = "\r\n".join(head) + "\r\n\r\n" + body.decode()
        right = head[0].startswith(f"{self.request.status} ") and self.request.contains in answer
        found = self._pattern.search(answer) if self._pattern else None
        if not right or (self._pattern and not found):
            raise SystemExit(f"{self.request.path} answered wrongly: {answer[:600]}")
        if found:
            (self.values if self.request.chained else self.taken).append(found[1])


def measure(caller: Caller, seconds: float) -> dict[str, Any]:
    """Call it for so many seconds of a core, or until everything is spent, or it takes too long."""
    count, database = 0, _database()
    before, began = cpu_seconds(database), time.process_time()
    end = time.monotonic() + LONGEST
    with Looks() as looks:
        while (
            time.process_time() - began < seconds and time.monotonic() < end and not caller.is_spent
        ):
            caller.call()
            count += 1
    spent = time.process_time() - began
    own = looks.found.pop(OWN, 0)
    others = looks.found.total()
    return {
        "requests": count,
        "seconds": spent * others / max(1, others + own),
        "database_seconds": cpu_seconds(database) - before,
        "looks": dict(looks.found),
    }


def _database() -> list[int]:
    """The process of PostgreSQL's that works for this one, if it is on this machine."""
    from django.db import connection

    own = connection.connection
    if connection.vendor != "postgresql" or own is None or own.info.host not in LOCAL:
        return []
    return [own.info.backend_pid]


LOCAL = ("127.0.0.1", "localhost")


def main(told: dict[str, Any]) -> dict[str, Any]:
    """Do the jobs."""
    from idp_site.wsgi import application

    host, results = f"localhost:{told['port']}", {}
    taken: list[str] = []
    for name, asked in told["jobs"]:
        request = Request.read(asked)
        chained = PLACE in request.body
        caller = Caller(application, request, host, taken if chained else [])
        if not chained:
            for _ in range(WARM_UP):
                caller.call()
        elif request.chained:
            del caller.values[1:]  # one family, as one client has one
        results[name] = measure(caller, told["seconds"])
        taken = caller.taken
    return results


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
    sys.stdout.flush()
    os._exit(0)  # pools of connections may have threads that nobody waits for
