"""mozilla-django-oidc, in a Django project of someone else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import httpx
import pytest

from tests.machine import answers, free_port

from .conftest import HERE, register

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project(issuer, tmp_path):
    """The project's address, while it runs."""
    port = free_port()
    site = f"http://localhost:{port}"
    told = register(
        "client_secret_basic",
        redirect_uris=f"{site}/oidc/callback/",
        scopes=["openid", "email"],
    )
    metadata = httpx.get(f"{issuer}/.well-known/openid-configuration").text
    env = {
        "PATH": os.environ["PATH"],
        "PROVIDER": metadata,
        "CLIENT_ID": told["client_id"],
        "CLIENT_SECRET": told["client_secret"],
        "PORT": str(port),
        "FOLDER": str(tmp_path),
    }
    process = subprocess.Popen([sys.executable, str(HERE / "mozilla_project.py")], env=env)
    for _ in range(300):
        if answers(site):
            break
        time.sleep(0.1)
    yield site
    process.terminate()
    process.wait(timeout=30)


def test_a_django_project_signs_a_person_in(project, person):
    callback = person.go(f"{project}/oidc/authenticate/", until=f"{project}/oidc/callback/")
    landed = person.browser.get(callback)

    assert landed.headers["location"] == "/"
    assert json.loads(person.browser.get(f"{project}/").text) == {"email": "grace@example.com"}


def test_who_says_no_is_not_signed_in(project, person):
    callback = f"{project}/oidc/callback/?error=access_denied&state=unknown"

    person.browser.get(callback)

    assert json.loads(person.browser.get(f"{project}/").text) == {"email": None}
