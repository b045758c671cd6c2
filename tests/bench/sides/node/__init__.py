"""oidc-provider on node: with its memory, and with PostgreSQL, by adapters of ours.

The memory keeps nothing beyond its process, which no server in use could do: it is there as the
fastest that is known.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.bench import installing, services
from tests.bench.browser import Browser
from tests.bench.serving import WORKERS
from tests.bench.serving import running as serving
from tests.bench.sides.provider import Client, Provider
from tests.machine import free_port

PACKAGE = "oidc-provider"
IN_MEMORY = "oidc-provider, memory"
ON_POSTGRESQL = "oidc-provider, PostgreSQL"
PATHS = {
    "jwks": "/jwks",
    "discovery": "/.well-known/openid-configuration",
    "token": "/token",
    "userinfo": "/me",
    "introspection": "/token/introspection",
    "authorize": "/auth",
    "signin_page": "",
    "signin_post": "",
    "consent_page": "",
}


class NodeProvider(Provider):
    """Its pages for development ask who it is on the way to the first code."""

    def sign_in(self, browser: Browser) -> None:
        """On the page that the authorization request leads to."""
        browser.go(self.authorization_url())
        browser.submit(self.person)


def why_not(name: str) -> str:
    """Why it can't be measured here, or nothing. Installs it."""
    if shutil.which("node") is None:
        return "node is not installed"
    if name == ON_POSTGRESQL and not services.server():
        return "PostgreSQL does not answer"
    return installing.node_project(PACKAGE, Path(__file__).parent)


@contextlib.contextmanager
def running(name: str) -> Iterator[Provider]:
    """Its server: one process with its memory, or as many as ours has. Stopped at the end."""
    durable = name == ON_POSTGRESQL
    with services.database("node") if durable else contextlib.nullcontext("") as database:
        port, secret = free_port(), secrets.token_hex(32)
        env = {
            **os.environ,
            "PORT": str(port),
            "WORKERS": WORKERS,
            "DATABASE_URL": database,
            "SECRET": secret,
            "KEYS": json.dumps({"keys": [_rsa_key(), _p256_key()]}),
            "NODE_ENV": "production",
        }
        command = ["node", str(installing.FOLDER / PACKAGE / "server.mjs")]
        with serving(port, env, PATHS["jwks"], command, quiet=True) as process:
            yield NodeProvider(
                name,
                _version(),
                port,
                process,
                database,
                {},
                service=Client("service", secret),
                web=Client("web", secret, "https://client.example/callback"),
                paths=PATHS,
                person={"login": "alice", "password": "any"},
                consent={"prompt": "consent"},
                redirect_status=303,
            )


def _rsa_key() -> dict[str, str]:
    key = rsa.generate_private_key(65537, 2048)
    return {**RSAAlgorithm.to_jwk(key, as_dict=True), "alg": "RS256", "use": "sig", "kid": "rsa"}


def _p256_key() -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    return {**ECAlgorithm.to_jwk(key, as_dict=True), "alg": "ES256", "use": "sig", "kid": "p256"}


def _version() -> str:
    package = installing.FOLDER / PACKAGE / "node_modules" / PACKAGE / "package.json"
    version: str = json.loads(package.read_text())["version"]
    return version
