"""Debian's oidc-agent, by which scripts and batch jobs get tokens of a person."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.machine import free_port, program

from .conftest import PATIENCE_SECONDS, register

pytestmark = pytest.mark.django_db(transaction=True)

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "openid email offline_access"
Gen = Callable[..., str]


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """In which the commands find their agent."""
    socket = tmp_path / "socket"
    env = {**os.environ, "HOME": str(tmp_path), "OIDC_SOCK": str(socket)}
    command = [program("oidc-agent"), "--console", "-a", str(socket)]
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as agent:
        for _ in range(200):
            if socket.exists():
                break
            time.sleep(0.05)
        yield env
        agent.kill()


@pytest.fixture
def generate(environment: dict[str, str], issuer: str) -> Gen:
    """Makes an account of the agent; goes to the address that oidc-gen shows."""

    def run(*options: str, shown: str, go: Callable[[str], object]) -> str:
        command = ["oidc-gen", "ostiary", "--issuer", issuer, "--scope", SCOPE, "--no-url-call"]
        command += ["--confirm-default", "--pw-env", *options]
        with subprocess.Popen(
            command,
            env={**environment, "OIDC_ENCRYPTION_PW": "of a test"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            clock = Timer(PATIENCE_SECONDS, process.kill)
            clock.start()
            assert process.stdout
            said = ""
            for line in process.stdout:
                said += line
                if found := re.search(shown, said):
                    go(found[1])
                    break
            said += process.stdout.read()
            clock.cancel()
        assert process.returncode == 0, said
        return said

    return run


@pytest.fixture
def token(environment: dict[str, str]) -> Callable[[], str]:
    """A new access token of the account."""

    def run() -> str:
        command = ["oidc-token", "--force-new", "ostiary"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def is_of_grace(issuer: str, token: Callable[[], str]) -> bool:
    """Whether the agent gets tokens of Grace, again and again."""
    told = [
        httpx.get(f"{issuer}/oauth/userinfo", headers={"Authorization": f"Bearer {given}"}).json()
        for given in (token(), token())
    ]
    return [person["email"] for person in told] == ["grace@example.com"] * 2


@pytest.fixture
def come_back(person) -> Callable[[str], object]:
    """Goes to the provider and on to the agent, which listens on this machine."""

    def go(url: str) -> object:
        [redirect_uri] = parse_qs(urlsplit(url).query)["redirect_uri"]
        return httpx.get(person.go(url, until=redirect_uri))

    return go


@pytest.fixture
def confirm(person, issuer) -> Callable[[str], object]:
    """Confirms the code at the provider's page."""
    return lambda code: person.read(
        f"{issuer}/oauth/device?user_code={code}", until="Device connected"
    )


CODE = {"shown": r"(http\S+/oauth/authorize\?\S+)\n"}
DEVICE = {"shown": r"([A-Z0-9]{4}-[A-Z0-9]{4})"}


def test_in_a_browser(generate, come_back, token, issuer):
    uri = f"http://localhost:{free_port()}"
    told = register("client_secret_basic", token_endpoint_auth_methods=[], redirect_uris=uri)

    generate(
        *("--flow=code", "--redirect-uri", uri),
        *("--client-id", told["client_id"], "--client-secret", told["client_secret"]),
        **CODE,
        go=come_back,
    )

    assert is_of_grace(issuer, token)


@pytest.mark.parametrize("method", ["client_secret_basic", "none"])
def test_on_another_device(generate, confirm, token, issuer, method):
    told = register(
        method,
        token_endpoint_auth_methods=[],
        redirect_uris="",
        grant_types=[DEVICE_CODE, "refresh_token"],
    )

    generate(
        "--flow=device",
        *("--client-id", told["client_id"], "--client-secret", told.get("client_secret", "")),
        **DEVICE,
        go=confirm,
    )

    assert is_of_grace(issuer, token)


def test_registered_by_itself(generate, come_back, token, issuer, settings):
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "REGISTRATION": "open"}

    generate("--flow=code", "--port", str(free_port()), **CODE, go=come_back)

    assert is_of_grace(issuer, token)
