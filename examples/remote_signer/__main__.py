"""The process that holds the keys: ``python -m examples.remote_signer``.

It makes an ES256 and an RS256 key at its first start and keeps them in ``SIGNER_KEYS``, a folder
that only its own user can read. Who may connect to ``SIGNER_SOCKET`` may sign: the rights of the
socket are the rights of the key.
"""

from __future__ import annotations

import base64
import json
import os
import socketserver
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt import InvalidKeyError
from jwt.algorithms import Algorithm, get_default_algorithms

from .protocol import MAX_LINE, TIMEOUT_SECONDS, socket_path

ALGORITHMS = ("ES256", "RS256")


def make(alg: str) -> Any:
    """A new private key for ``alg``."""
    if alg == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def load(folder: Path) -> dict[str, tuple[str, Any]]:
    """The keys by ``kid``, each with its algorithm; made where there are none.

    The file of a key is named by its algorithm and its ``kid``. Of each algorithm the last by name
    signs: to rotate, put a key beside the one that is there, and remove that a few months later.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for alg in ALGORITHMS:
        if not any(folder.glob(f"{alg}-*.pem")):
            pem = make(alg).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            file = os.open(folder / f"{alg}-1.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "wb") as writing:
                writing.write(pem)
    keys = {}
    for path in sorted(folder.glob("*.pem"), reverse=True):
        alg = path.stem.partition("-")[0]
        if alg in ALGORITHMS:
            keys[path.stem] = (alg, read(path, alg))
    return keys


def read(path: Path, alg: str) -> Any:
    """The private key in a file. Raises ``SystemExit`` with the reason where it is none for
    ``alg``."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
        codec(alg).to_jwk(key)
    except (InvalidKeyError, UnsupportedAlgorithm, OSError, TypeError, ValueError) as problem:
        raise SystemExit(f"{path} holds no private key for {alg}: {problem}") from None
    return key


def codec(alg: str) -> Algorithm:
    """What signs and tells the public key, in the forms of RFC 7518."""
    return get_default_algorithms()[alg]


class Handler(socketserver.StreamRequestHandler):
    """One question, one answer."""

    timeout = TIMEOUT_SECONDS
    server: Server

    def handle(self) -> None:
        """Answer; a question that makes no sense gets an error, never a signature."""
        try:
            told = {"answer": self._answer(json.loads(self.rfile.readline(MAX_LINE)))}
        except TimeoutError:
            return
        except (ValueError, KeyError, TypeError) as problem:
            told = {"error": f"{type(problem).__name__}: not a question that is answered"}
        self.wfile.write(json.dumps(told).encode() + b"\n")

    def _answer(self, asked: dict[str, str]) -> Any:
        keys = self.server.keys
        if asked["question"] == "public_jwks":
            return [
                {**json.loads(codec(alg).to_jwk(key.public_key())), "kid": kid, "alg": alg}
                for kid, (alg, key) in keys.items()
            ]
        if asked["question"] != "sign":
            raise ValueError("an unknown question")
        alg, key = keys[asked["kid"]]
        if alg != asked["alg"]:
            raise ValueError("another algorithm than the key's")
        signature = codec(alg).sign(base64.b64decode(asked["input"], validate=True), key)
        return base64.b64encode(signature).decode()


class Server(socketserver.ThreadingUnixStreamServer):
    """Listens on the socket, with the keys in memory."""

    daemon_threads = True

    def __init__(self, path: Path, keys: dict[str, tuple[str, Any]]) -> None:
        path.unlink(missing_ok=True)  # of a process that was killed
        self.keys = keys
        before = os.umask(0o177)
        try:
            super().__init__(str(path), Handler)
        finally:
            os.umask(before)


def main() -> None:
    """Serve until the process is told to end."""
    keys = load(Path(os.environ["SIGNER_KEYS"]))
    with Server(socket_path(), keys) as server:
        print(f"{len(keys)} keys, at {socket_path()}", file=sys.stderr, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
