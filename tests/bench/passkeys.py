"""How long a sign-in by a passkey takes: the challenge, and the answer that signs a person in.

The authenticator is one in software; what it takes to sign is not counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fido2 import cbor

from tests.idp_site.site import ROOT
from tests.passkeys.authenticator import SYNCED, Authenticator

NAME = "passkey_signin"
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


@dataclass(frozen=True)
class Site:
    """Where somebody signs in by a passkey: the paths, and how the answer is sent.

    ``environment`` names the project's settings, for processes beside its server.
    """

    port: int
    environment: Mapping[str, str]
    passkey: Authenticator
    csrf: str = "/api/passkeys/csrf/"
    options: str = "/api/passkeys/authentication/options/"
    answer: str = "/api/passkeys/authentication/"
    wrapped: bool = True

    def sign_in(self, connection: HTTPConnection) -> tuple[float, bool]:
        """One sign-in in a new browser: its milliseconds, and whether it worked."""
        cookies: dict[str, str] = {}
        token = json.loads(self._ask(connection, "GET", self.csrf, cookies)[2])["csrf_token"]
        asked, _, options = self._ask(connection, "POST", self.options, cookies, "{}", token)
        answer: dict[str, Any] = self.passkey.get(json.loads(options))
        body = json.dumps({"credential": answer} if self.wrapped else answer)
        answered, status, _ = self._ask(connection, "POST", self.answer, cookies, body, token)
        return asked + answered, status == 200

    def statements(self) -> list[int]:
        """The SQL statements of the options, and of the answer."""
        counted = subprocess.run(
            [sys.executable, "-m", "tests.bench.statements"],
            cwd=ROOT,
            env=dict(self.environment),
            input=json.dumps(self.told()),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found: list[int] = json.loads(counted.stdout.splitlines()[-1])
        return found

    def told(self) -> dict[str, Any]:
        """What another process needs to know to sign in."""
        key = self.passkey.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return {
            "origin": self.passkey.origin,
            "credential_id": self.passkey.credential_id.hex(),
            "user_handle": (self.passkey.user_handle or b"").hex(),
            "key": key.decode(),
            "options": self.options,
            "answer": self.answer,
            "wrapped": self.wrapped,
        }

    def _ask(
        self,
        connection: HTTPConnection,
        method: str,
        path: str,
        cookies: dict[str, str],
        body: str | None = None,
        token: str = "",
    ) -> tuple[float, int, bytes]:
        headers = {"Host": f"localhost:{self.port}", "Content-Type": "application/json"}
        headers |= {"X-CSRFToken": token}
        headers |= {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        started = time.perf_counter()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        took = (time.perf_counter() - started) * 1000
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            cookies[name] = value
        return took, response.status, content


def add_passkey(port: int, environment: Mapping[str, str], script: str = ADD) -> Authenticator:
    """Give somebody a passkey, of the kind that doesn't count, by a script in the project's shell:
    Alice of the demo, unless another says who."""
    passkey = Authenticator(f"http://localhost:{port}", flags=SYNCED, user_handle=b"a" * 64)
    add = script.format(
        handle=(passkey.user_handle or b"").hex(),
        credential_id=passkey.credential_id.hex(),
        public_key=cbor.encode(passkey.cose_key).hex(),
    )
    command = [sys.executable, "-m", "django", "shell", "-v", "0", "-c", add]
    subprocess.run(command, cwd=ROOT, env=dict(environment), check=True)
    return passkey
