"""How many SQL statements a sign-in by a passkey costs: ``python -m tests.bench.statements``.

Runs in the project that ``DJANGO_SETTINGS_MODULE`` names, by the test client. Standard input tells
the site and the passkey (`passkeys.Site.told`); the answer is a JSON list: the statements of the
options, and those of the answer.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import django
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import connection
from django.test import Client

from tests.passkeys.authenticator import SYNCED, Authenticator


def count(told: dict[str, Any]) -> list[int]:
    """The second sign-in counts: what is done once in a process is not of a sign-in."""
    passkey = Authenticator(
        told["origin"],
        flags=SYNCED,
        credential_id=bytes.fromhex(told["credential_id"]),
        user_handle=bytes.fromhex(told["user_handle"]),
        key=load_pem_private_key(told["key"].encode(), None),
    )
    _sign_in(told, passkey)
    return _sign_in(told, passkey)


def _sign_in(told: dict[str, Any], passkey: Authenticator) -> list[int]:
    browser = Client(SERVER_NAME="localhost", SERVER_PORT=told["origin"].rpartition(":")[2])
    counts: list[int] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        counts[-1] += sql.split()[0] not in ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
        return execute(sql, params, many, context)

    def post(path: str, body: Any) -> Any:
        counts.append(0)
        with connection.execute_wrapper(note):
            response = browser.post(path, json.dumps(body), content_type="application/json")
        if response.status_code != 200:
            raise SystemExit(f"{path} answered {response.status_code}.")
        return response.json()

    answer = passkey.get(post(told["options"], {}))
    post(told["answer"], {"credential": answer} if told["wrapped"] else answer)
    return counts


if __name__ == "__main__":
    django.setup()
    print(json.dumps(count(json.load(sys.stdin))))
