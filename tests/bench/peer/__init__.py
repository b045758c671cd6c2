"""A sign-in by a passkey of django-otp-webauthn, to set ours beside.

A project as ``startproject`` makes it, with the package as its documentation says to install it
and its default settings. Its latest release is put into a folder of its own, with our version of
Django.
Server, workers, SQLite's options and the authenticator are the same as ours.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from tests.bench import installing
from tests.bench.passkeys import Site, add_passkey
from tests.bench.serving import serving
from tests.idp_site.site import ROOT
from tests.machine import free_port

PACKAGE = "django-otp-webauthn"
FOLDER = installing.FOLDER / PACKAGE
ADD = """
from django.contrib.auth import get_user_model
from django_otp_webauthn.models import WebAuthnCredential, WebAuthnUserHandle
person = get_user_model().objects.create_user("alice")
WebAuthnUserHandle.objects.create(user=person, handle_hex="{handle}")
WebAuthnCredential.objects.create(
    user=person, credential_id=bytes.fromhex("{credential_id}"), name="bench", confirmed=True,
    public_key=bytes.fromhex("{public_key}"), aaguid="00000000-0000-0000-0000-000000000000",
    backup_eligible=True, backup_state=True, discoverable=True,
)
"""


def why_not() -> str:
    """Why it can't be measured here, or nothing. Installs it."""
    if os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"):
        return "it is measured on SQLite alone, without DATABASE_URL and REDIS_URL"
    return installing.python_package(PACKAGE)


def version() -> str:
    """Of the release that is installed."""
    return installing.python_version(PACKAGE)


@contextlib.contextmanager
def server() -> Iterator[Site]:
    """Its server with one person, who has a passkey. Stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="ostiary-bench-") as folder:
        port = free_port()
        env = {
            **os.environ,
            "PYTHONPATH": str(FOLDER),
            "DJANGO_SETTINGS_MODULE": "tests.bench.peer.settings",
            "PEER_FOLDER": folder,
            "PEER_PORT": str(port),
        }
        migrate = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=env, check=True)
        passkey = add_passkey(port, env, ADD)
        application = ["--factory", "django.core.wsgi:get_wsgi_application"]
        with serving(port, env, "/csrf/", *application):
            yield Site(
                port,
                env,
                passkey,
                csrf="/csrf/",
                options="/webauthn/authentication/begin/",
                answer="/webauthn/authentication/complete/",
                wrapped=False,
            )
