"""A small OpenID provider of the tests' own, so that the examples are tried without Ostiary."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

CLIENT_ID = "tests-client"


@dataclass
class Issuer:
    """Keys, the tokens it signs, and a log of what it was asked."""

    url: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    token_requests: list[dict[str, str]] = field(default_factory=list)
    jwks_requests: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)
    id_token_claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    introspection: dict[str, Any] = field(default_factory=lambda: {"active": False})
    introspected: list[dict[str, str]] = field(default_factory=list)
    status: int = 200

    def add_key(self, kid: str, alg: str = "ES256") -> None:
        """Publish one more key."""
        self.keys[kid] = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048)
            if alg == "RS256"
            else ec.generate_private_key(ec.SECP256R1())
        )

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        published = []
        for kid, key in self.keys.items():
            is_rsa = isinstance(key, rsa.RSAPrivateKey)
            codec = jwt.algorithms.RSAAlgorithm if is_rsa else jwt.algorithms.ECAlgorithm
            jwk = codec.to_jwk(key.public_key(), as_dict=True)
            alg = "RS256" if is_rsa else "ES256"
            published.append({**jwk, "kid": kid, "use": "sig", "alg": alg})
        return {"keys": published}

    def sign(self, claims: dict[str, Any], kid: str = "one", typ: str = "JWT") -> str:
        """A JWT signed with one of the keys."""
        key = self.keys[kid]
        alg = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(claims, key, algorithm=alg, headers={"kid": kid, "typ": typ})

    def access_token_claims(self, **changes: Any) -> dict[str, Any]:
        """Claims of a good access token (RFC 9068 §2.2), with ``changes`` (None: without it)."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "person-1",
            "aud": "https://api.example/",
            "exp": now + 300,
            "iat": now,
            "jti": secrets.token_urlsafe(8),
            "client_id": CLIENT_ID,
            "scope": "openid api:read",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def redeem(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer a token request."""
        self.token_requests.append(form)
        refresh_token = secrets.token_urlsafe(8)
        if form["grant_type"] == "refresh_token":
            return 200, {
                "access_token": "access-2",
                "token_type": "Bearer",
                "expires_in": 300,
                "refresh_token": refresh_token,
            }
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(
            hashlib.sha256(form["code_verifier"].encode()).digest()
        ).rstrip(b"=")
        if asked is None or challenge.decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        id_token = {
            "iss": self.url,
            "sub": "person-1",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.id_token_claims,
        }
        return 200, {
            "access_token": "access-1",
            "token_type": "Bearer",
            "expires_in": 300,
            "refresh_token": refresh_token,
            "scope": asked["scope"],
            "id_token": self.sign(id_token),
        }


def serve(issuer: Issuer) -> ThreadingHTTPServer:
    """Start serving ``issuer`` on a free port, and tell it its address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def answer(self, status: int, body: dict[str, Any] | str) -> None:
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status if issuer.status == 200 else issuer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            issuer.asked.append(path)
            if path in issuer.pages:
                self.answer(200, issuer.pages[path])
            elif path == "/.well-known/openid-configuration":
                self.answer(200, issuer.metadata)
            elif path == "/jwks":
                issuer.jwks_requests += 1
                self.answer(200, issuer.jwks())
            elif path == "/userinfo":
                self.answer(200, issuer.userinfo)
            elif path == "/api":
                self.answer(200, {"you sent": self.headers["Authorization"]})
            else:
                self.answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            if self.path == "/introspect":
                issuer.introspected.append({**form, "by": self.headers["Authorization"]})
                self.answer(200, issuer.introspection)
                return
            self.answer(*issuer.redeem(form))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    issuer.metadata = {
        "issuer": issuer.url,
        "authorization_endpoint": f"{issuer.url}/authorize",
        "token_endpoint": f"{issuer.url}/token",
        "userinfo_endpoint": f"{issuer.url}/userinfo",
        "end_session_endpoint": f"{issuer.url}/logout",
        "jwks_uri": f"{issuer.url}/jwks",
        "introspection_endpoint": f"{issuer.url}/introspect",
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        "authorization_response_iss_parameter_supported": True,
    }
    issuer.userinfo = {"sub": "person-1", "name": "Alice <b>Example</b>"}
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


@contextmanager
def running() -> Iterator[Issuer]:
    """An OpenID provider with one ES256 key, ``one``, while it is needed."""
    provider = Issuer()
    provider.add_key("one")
    server = serve(provider)
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
