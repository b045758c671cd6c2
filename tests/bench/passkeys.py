"""How long a sign-in by a passkey takes: the challenge, and the answer that signs a person in.

The authenticator is one in software; what it takes to sign is not counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any

from fido2 import cbor

from tests.idp_site.site import ROOT
from tests.passkeys.authenticator import SYNCED, Authenticator

NAME = "passkey_signin"
PATH = "/api/passkeys/"
ADD = """
from uuid import UUID
from django.contrib.auth import get_user_model
from passkeys.models import Credential, UserHandle
person = get_user_model().objects.get(email="alice@example.com")
UserHandle.objects.create(user=person, handle=bytes.fromhex("{handle}"))
Credential.objects.create(
    user=person, credential_id=bytes.fromhex("{credential_id}"), name="bench",
    public_key=bytes.fromhex("{public_key}"), aaguid=UUID(int=0),
    backup_eligible=True, backed_up=True, user_verified=True,
)
"""


def add_passkey(port: int, environment: Mapping[str, str]) -> Authenticator:
    """Give Alice of the demo a passkey, of the kind that doesn't count."""
    passkey = Authenticator(f"http://localhost:{port}", flags=SYNCED, user_handle=b"a" * 64)
    add = ADD.format(
        handle=(passkey.user_handle or b"").hex(),
        credential_id=passkey.credential_id.hex(),
        public_key=cbor.encode(passkey.cose_key).hex(),
    )
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", add]
    subprocess.run(command, cwd=ROOT, env=dict(environment), check=True)
    return passkey


def sign_in(connection: HTTPConnection, port: int, passkey: Authenticator) -> tuple[float, int]:
    """One sign-in in a new browser: its milliseconds, and the status of its answer."""
    cookies: dict[str, str] = {}
    token = json.loads(_ask(connection, port, "GET", "csrf/", cookies)[2])["csrf_token"]

    def post(path: str, told: Mapping[str, Any]) -> tuple[float, int, bytes]:
        return _ask(connection, port, "POST", path, cookies, json.dumps(told), token)

    asked, _, options = post("authentication/options/", {})
    answered, status, _ = post("authentication/", {"credential": passkey.get(json.loads(options))})
    return asked + answered, status


def _ask(
    connection: HTTPConnection,
    port: int,
    method: str,
    path: str,
    cookies: dict[str, str],
    body: str | None = None,
    token: str = "",
) -> tuple[float, int, bytes]:
    headers = {"Host": f"localhost:{port}", "Content-Type": "application/json"}
    headers |= {"X-CSRFToken": token, "Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
    started = time.perf_counter()
    connection.request(method, PATH + path, body, headers)
    response = connection.getresponse()
    content = response.read()
    took = (time.perf_counter() - started) * 1000
    for cookie in response.headers.get_all("Set-Cookie") or []:
        name, _, value = cookie.partition(";")[0].partition("=")
        cookies[name] = value
    return took, response.status, content
