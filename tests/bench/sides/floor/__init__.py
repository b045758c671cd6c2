"""The floor: how fast the same server, Django and database are when a view does next to nothing."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import django

from tests.bench import services
from tests.bench.request import Request
from tests.bench.serving import serving
from tests.bench.sides.side import Side
from tests.idp_site.site import ROOT
from tests.machine import free_port

NAME = "floor"
READING = "floor with a read"
VIEWS = {
    "floor": "empty",
    "client_credentials": "signature",
    "jwks": "empty",
    "discovery": "empty",
    "userinfo": "empty",
    "introspection": "empty",
    "resource_kit": "empty",
    "authorize": "commit_redirect",
    "code": "commit_both",
    "refresh": "commit_both",
    "signin_page": "empty",
    "consent_page": "empty",
}
"""Which view is the floor of an operation: the empty one, one that signs by ES256, one that commits
a row and signs by ES256 and RS256, one that commits a row and redirects."""
READING_VIEWS = {"userinfo": "read", "introspection": "read"}
"""Of what a revocation must end at once: one that reads a row, as plainly as can be."""


@dataclass(frozen=True, eq=False)
class Floor(Side):
    """Its views are sent the plainest request there is."""

    views: Mapping[str, str]

    def request(self, operation: str) -> Request | None:
        """To the view that is the operation's floor."""
        if operation not in self.views:
            return None
        view = self.views[operation]
        return Request("GET", f"/{view}", status=302 if view == "commit_redirect" else 200)

    @property
    def reading(self) -> Floor:
        """The same server, with a read where an answer can be revoked."""
        return replace(self, name=READING, views=READING_VIEWS)


@contextlib.contextmanager
def running() -> Iterator[Floor]:
    """Its server, with the same options of the database as ours. Stopped at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="ostiary-bench-") as folder,
        services.database("floor") as database,
    ):
        port = free_port()
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.bench.sides.floor.settings",
            "VAR_DIR": folder,
            "DATABASE_URL": database,
            # The options of the database are those of our settings, which want to know these.
            "DEMO": "1",
            "ISSUER_URL": f"http://localhost:{port}",
        }
        create = [sys.executable, "-m", "tests.bench.sides.floor.table"]
        subprocess.run(create, cwd=ROOT, env=env, check=True)
        application = ["--factory", "django.core.wsgi:get_wsgi_application"]
        with serving(port, env, "/empty", *application) as process:
            version = f"Django {django.__version__}"
            yield Floor(NAME, version, port, process, database, env, VIEWS)
