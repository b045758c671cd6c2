"""How many SQL statements a request costs: ``python -m tests.bench.counting``.

Runs in the project that ``DJANGO_SETTINGS_MODULE`` names, by the test client, on the database of
the server that is measured. Standard input is a JSON object: for each operation the requests that
are made one after another, of which the last is counted: what is done once in a process is not of
a request. The answer has the statements of each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.bench.request import PLACE, Request
from tests.bench.sides.provider import Provider
from tests.bench.sides.side import Side
from tests.idp_site.site import ROOT

SILENT = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def count(requests: list[Request], port: str) -> int:
    """The statements of the last. Raises ``SystemExit`` if an answer is another than it must be."""
    from django.db import connection
    from django.test import Client

    found = 0

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal found
        found += sql.split()[0] not in SILENT
        return execute(sql, params, many, context)

    for request in requests:
        found = 0
        headers = dict(request.headers)
        kind = headers.pop("Content-Type", "application/octet-stream")
        browser = Client(SERVER_NAME="localhost", SERVER_PORT=port)
        body = request.body.replace(PLACE, request.values[0] if request.values else "")
        with connection.execute_wrapper(note):
            response = browser.generic(
                request.method, request.path, body, content_type=kind, headers=headers
            )
        if response.status_code != request.status:
            raise SystemExit(f"{request.path} answered {response.status_code} when counted.")
    return found


def statements(side: Side, operations: list[str]) -> dict[str, int]:
    """Of each of the operations that the side has; none of what isn't Django."""
    if not side.environment:
        return {}
    asked = {}
    for operation in operations:
        for name, requests in _requests(side, operation).items():
            asked[name] = [request.told() for request in requests]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.counting", str(side.port)],
        cwd=ROOT,
        env=dict(side.environment),
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, int] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _requests(side: Side, operation: str) -> dict[str, list[Request]]:
    if operation == "code" and isinstance(side, Provider):
        codes = [side.authorize(side.browser) for _ in range(4)]
        tokens = [side.exchange(code)["refresh_token"] for code in codes[2:]]
        asked = side.request("authorize")
        assert asked is not None
        return {
            "authorize": [asked, asked],
            "code": [side.redemption((code,)) for code in codes[:2]],
            "refresh": [side.refreshing((token,)) for token in tokens],
        }
    steps = ("authorize", "code", "refresh") if operation == "code" else (operation,)
    found = {step: side.request(step) for step in steps}
    return {step: [each, each] for step, each in found.items() if each is not None}


if __name__ == "__main__":
    import django

    django.setup()
    told = {
        name: count([Request.read(each) for each in requests], sys.argv[1])
        for name, requests in json.load(sys.stdin).items()
    }
    print(json.dumps(told))
    sys.stdout.flush()
    os._exit(0)  # pools of connections may have threads that nobody waits for
