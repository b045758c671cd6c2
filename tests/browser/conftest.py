"""A real Chromium, the identity provider on a real port, and the example applications."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from oauth import keys
from oauth.models import Client

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery staple"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# Playwright's synchronous interface runs an event loop in this thread, and Django would take
# every query of a test for one made inside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window."""
    executable = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if executable is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing")
        pytest.skip("Chromium is not on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh window of a fresh browser profile, in which any console error fails the test."""
    context: BrowserContext = chromium.new_context()
    window = context.new_page()
    complaints: list[str] = []
    window.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    window.on("pageerror", lambda error: complaints.append(str(error)))
    yield window
    context.close()
    assert not complaints, complaints


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Demo:
    """The addresses of a provider with its example applications."""

    issuer: str
    relying_party: str
    api: str
    client: Any


@pytest.fixture
def start() -> Iterator[Callable[..., None]]:
    """Starts ``python -m MODULE`` and waits until it listens; stops it after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def run(module: str, port: int, **env: str) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, env={**os.environ, **env}
        )
        started.append(process)
        for _ in range(300):
            assert process.poll() is None, f"{module} has ended"
            try:
                httpx.get(f"http://localhost:{port}/", timeout=5)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"{module} does not answer")

    yield run
    for process in started:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def demo(live_server: Any, settings: Any, start: Callable[..., None]) -> Demo:
    """The provider, the example relying party and the example API, as ``make run`` has them."""
    issuer = live_server.url.replace("127.0.0.1", "localhost")
    rp_port, api_port = free_port(), free_port()
    relying_party, api = f"http://localhost:{rp_port}", f"http://localhost:{api_port}/"
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": issuer}
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "SCOPES": {"api:read": "Read your notes in the example API"},
    }
    keys.forget()
    client = Client(
        name="Example shop",
        client_type="confidential",
        redirect_uris=f"{relying_party}/callback",
        post_logout_redirect_uris=f"{relying_party}/",
        grant_types=["authorization_code", "refresh_token"],
        scopes=["openid", "profile", "email", "offline_access", "api:read"],
        audiences=[api],
    )
    secret = client.rotate_secret()
    client.full_clean()
    client.save()
    start(
        "examples.protected_api",
        api_port,
        API_PORT=str(api_port),
        ISSUER_URL=issuer,
        API_AUDIENCE=api,
    )
    start(
        "examples.relying_party",
        rp_port,
        RP_PORT=str(rp_port),
        ISSUER_URL=issuer,
        CLIENT_ID=client.client_id,
        CLIENT_SECRET=secret,
        API_URL=api,
    )
    return Demo(issuer, relying_party, api, client)


@pytest.fixture
def alice(transactional_db: None) -> Any:
    """A person with a password and nothing else."""
    return get_user_model().objects.create_user(
        email="alice@example.com", password=PASSWORD, name="Alice Example"
    )


def sign_in(page: Page, email: str = "alice@example.com", password: str = PASSWORD) -> None:
    """Fill in the sign-in page that is shown."""
    page.get_by_label("Email", exact=False).first.fill(email)
    page.locator("input[name=password]").fill(password)
    page.locator("main button[type=submit], form button[type=submit]").first.click()
