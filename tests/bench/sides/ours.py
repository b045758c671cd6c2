"""The reference site, set up as in production but for the demo's people and clients."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from tests.bench import services
from tests.bench.serving import serving
from tests.bench.sides.provider import Client, Provider
from tests.idp_site.site import ROOT
from tests.machine import free_port

NAME = "ostiary"
PATHS = {
    "jwks": "/.well-known/jwks.json",
    "discovery": "/.well-known/openid-configuration",
    "token": "/oauth/token",
    "userinfo": "/oauth/userinfo",
    "introspection": "/oauth/introspect",
    "authorize": "/oauth/authorize",
    "signin": "/signin/",
}
HEARS_NOTHING = """
from oauth.models import Client
web = Client.objects.get(client_id="demo-web")
web.metadata = {name: told for name, told in web.metadata.items() if "logout" not in name}
web.save()
"""


@contextlib.contextmanager
def running(name: str = NAME) -> Iterator[Provider]:
    """Its server with the demo's data, on PostgreSQL and Redis where they are. Stopped at the
    end."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ostiary-bench-"))
        database = stack.enter_context(services.database("ours"))
        redis = stack.enter_context(services.redis()) if database else ""
        port = free_port()
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "idp_site.settings",
            "VAR_DIR": folder,
            "DEMO": "1",
            "ISSUER_URL": f"http://localhost:{port}",
            "LOG_LEVEL": "WARNING",
            "DATABASE_URL": database,
            "REDIS_URL": redis,
        }
        told = _seed(env, like_peers=name == NAME)
        process = stack.enter_context(serving(port, env, "/readyz", "idp_site.wsgi:application"))
        person = told["people"][0]
        yield Provider(
            name,
            "this tree",
            port,
            process,
            database,
            env,
            service=_client(told, "demo-service"),
            web=_client(told, "demo-web"),
            paths=PATHS,
            person={"identifier": person["email"], "password": person["password"]},
            consent={"decision": "allow"},
            scope="openid offline_access",
            session_cookie="ostiary_session",
        )


def _seed(env: dict[str, str], *, like_peers: bool) -> dict[str, Any]:
    """The demo's data. The clients of the peers hear of no sign-out; one that does costs two
    statements more a code."""
    manage = [sys.executable, "manage.py"]
    subprocess.run(
        [*manage, "seed_demo", "--migrate"],
        cwd=ROOT,
        env=env,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    if like_peers:
        subprocess.run(
            [*manage, "shell", "-v", "0", "-c", HEARS_NOTHING], cwd=ROOT, env=env, check=True
        )
    command = [*manage, "demo_credentials", "--json"]
    found = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE)
    told: dict[str, Any] = json.loads(found.stdout)
    return told


def _client(told: dict[str, Any], client_id: str) -> Client:
    found = next(each for each in told["clients"] if each["client_id"] == client_id)
    uris = found.get("redirect_uris") or [""]
    return Client(client_id, found["client_secret"], uris[0])
