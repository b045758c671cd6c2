"""JupyterHub's oauthenticator, in a whole hub."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import answers, free_port

from .conftest import HERE, register

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hub(python: str, issuer: str, tmp_path: Path) -> Iterator[str]:
    """The hub's address, while it runs."""
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    told = register(
        "client_secret_basic",
        token_endpoint_auth_methods=[],
        redirect_uris=f"{site}/hub/oauth_callback",
        scopes=["openid", "email"],
    )
    command = [python, "-m", "jupyterhub", "-f", str(HERE / "python" / "jupyterhub_config.py")]
    told = {**told, "issuer": issuer, "port": port}
    env = {**os.environ, "TOLD": json.dumps(told)}
    with (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen(command, env=env, cwd=tmp_path, stdout=log, stderr=log)
        for _ in range(300):
            if answers(site) or process.poll() is not None:
                break
            time.sleep(0.1)
        assert answers(site), (tmp_path / "log").read_text()
        yield site
        process.kill()
        process.wait(timeout=30)


def test_jupyterhub_signs_in_who_allows_it(hub, person):
    refused = person.read(f"{hub}/hub/oauth_login", until="OAuth error", decision="deny")
    person.browser.get(person.go(f"{hub}/hub/oauth_login", until=f"{hub}/hub/oauth_callback"))

    assert "The user denied access." in refused
    assert "grace@example.com" in person.browser.get(f"{hub}/hub/home").text
