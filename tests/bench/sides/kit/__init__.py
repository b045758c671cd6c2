"""An API that is protected by the resource-server kit, and verifies tokens of ours by itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import jwt

from tests.bench.browser import post
from tests.bench.request import Request
from tests.bench.serving import serving
from tests.bench.sides import ours
from tests.bench.sides.provider import Provider
from tests.bench.sides.side import Side
from tests.machine import free_port

OPERATION = "resource_kit"


class Kit(Side):
    """Shown the same token again and again, as an API is by a client."""

    def request(self, operation: str) -> Request | None:
        """The protected view."""
        if operation != OPERATION:
            return None
        headers = {"Authorization": f"Bearer {self.environment['TOKEN']}"}
        return Request("GET", "/protected", headers=headers)


@contextlib.contextmanager
def running(provider: Provider) -> Iterator[Kit]:
    """Its server, for a token of the provider's. Stopped at the end."""
    port = free_port()
    form = [("grant_type", "client_credentials")]
    answer = post(provider.port, provider.paths["token"], form, **provider.service.basic)
    token = answer["access_token"]
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.bench.sides.kit.settings",
        "ISSUER_URL": f"http://localhost:{provider.port}",
        "TOKEN": token,
        "AUDIENCE": jwt.decode(token, options={"verify_signature": False})["aud"],
    }
    application = ["--factory", "django.core.wsgi:get_wsgi_application"]
    with serving(port, env, "/empty", *application) as process:
        yield Kit(ours.NAME, provider.version, port, process, "", env)
