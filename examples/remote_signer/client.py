"""The class to name in ``OSTIARY_OAUTH["SIGNER"]``."""

from __future__ import annotations

import base64
import json
import socket
from typing import Any

from .protocol import MAX_LINE, TIMEOUT_SECONDS, socket_path


class RemoteSigner:
    """Asks the process that holds the keys. Each question has a connection of its own, so that
    any number of threads may ask, and a signer that was restarted is found again."""

    def public_jwks(self) -> list[dict[str, Any]]:
        """The public keys. Raises ``OSError`` where the signer can't be reached."""
        jwks: list[dict[str, Any]] = self._ask({"question": "public_jwks"})
        return jwks

    def sign(self, kid: str, alg: str, signing_input: bytes) -> bytes:
        """A signature (RFC 7518 §3). Raises ``OSError`` where the signer can't be reached, and
        ``ValueError`` for what it refuses."""
        encoded = base64.b64encode(signing_input).decode()
        answer = self._ask({"question": "sign", "kid": kid, "alg": alg, "input": encoded})
        return base64.b64decode(answer)

    def _ask(self, question: dict[str, str]) -> Any:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_SECONDS)
            connection.connect(str(socket_path()))
            connection.sendall(json.dumps(question).encode() + b"\n")
            with connection.makefile("rb") as lines:
                line = lines.readline(MAX_LINE)
        if not line.endswith(b"\n"):
            raise ConnectionResetError("the signer gave no answer")
        told = json.loads(line)
        if "error" in told:
            raise ValueError(told["error"])
        return told["answer"]
