"""A platform that signs who its workloads are, as GitHub Actions does."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

import jwt

from oauth.issuer import issuer
from tests.oauth.assertions import new_key, public_jwk
from tests.oauth.far_end import FarEnd, far_end

KEY = new_key("RS256")
KID = "cc413527-173f-5a05-976e-9c52b1d7b431"
REPOSITORY = "octo-org/octo-repo"
MAIN = f"repo:{REPOSITORY}:ref:refs/heads/main"


class Platform:
    """An issuer with metadata and keys, served on this machine."""

    def __init__(self, end: FarEnd) -> None:
        self.end, self.issuer = end, end.url.rstrip("/")
        self.publish(KID, KEY)

    def publish(self, kid, key, alg="RS256", **said) -> None:
        """Publish one key, and what the issuer says of itself."""
        jwks_uri = f"{self.issuer}/.well-known/jwks"
        metadata = {"issuer": self.issuer, "jwks_uri": jwks_uri, **said}
        jwk = {**public_jwk(key, alg), "kid": kid, "alg": alg, "use": "sig"}
        self.end.pages = {
            "/.well-known/openid-configuration": json.dumps(metadata).encode(),
            "/.well-known/jwks": json.dumps({"keys": [jwk]}).encode(),
        }

    def claims(self, **changes):
        """What GitHub says of a job, but for the changes; ``None`` leaves one out."""
        now = int(time.time())
        claims = {
            "jti": secrets.token_hex(16),
            "sub": MAIN,
            "aud": issuer(),
            "ref": "refs/heads/main",
            "sha": "66f1d2a4a4f8c2f1b7a1d1d5d2c2f3f4a5b6c7d8",
            "repository": REPOSITORY,
            "repository_owner": "octo-org",
            "repository_owner_id": "65",
            "repository_id": "74",
            "run_id": "1",
            "run_attempt": "1",
            "repository_visibility": "private",
            "actor": "octocat",
            "workflow": "deploy",
            "event_name": "push",
            "ref_type": "branch",
            "job_workflow_ref": f"{REPOSITORY}/.github/workflows/deploy.yml@refs/heads/main",
            "runner_environment": "github-hosted",
            "iss": self.issuer,
            "nbf": now - 5,
            "exp": now + 300,
            "iat": now,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, key=KEY, alg="RS256", kid=KID, header=None, **changes) -> str:
        """A token of a job, but for the changes."""
        headers = {"typ": "JWT", "kid": kid, **(header or {})}
        claims = json.dumps(self.claims(**changes)).encode()
        return jwt.api_jws.encode(claims, key, algorithm=alg, headers=headers)


@contextmanager
def platform() -> Iterator[Platform]:
    """Serve on this machine."""
    with far_end() as end:
        yield Platform(end)
