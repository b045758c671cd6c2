"""A real Chromium, the identity provider on a real port, and the example applications."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import RequestFactory
from django.utils import timezone
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

from accounts import invitations
from accounts.models import Invitation
from idp_site import mailbox
from oauth.models import Client
from ostiary import bidi, outbox
from tests.machine import free_port, npm_packages
from tests.oauth.conftest import put_signing_keys
from tests.operators import desk_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, which knows the rules of WCAG."""
    return (npm_packages(HERE) / "axe-core" / "axe.min.js").read_text()


def watch(window: Page) -> list[str]:
    """What goes wrong in a window from now on: errors, refusals by the policy, strange requests.

    A page that is an error page is not wrong by being one.
    """
    wrong: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            wrong.append(message.text)

    def on_request(request: Request) -> None:
        to = urlsplit(request.url)
        if to.scheme == "data":
            return
        of = urlsplit(request.frame.url)
        if to.hostname != "localhost":
            wrong.append(f"a request to a third party: {request.url}")
        elif not request.is_navigation_request() and to.netloc != of.netloc:
            wrong.append(f"{request.frame.url} loads from elsewhere: {request.url}")

    def on_response(response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            wrong.append(f"{response.status} for {response.url}")

    window.on("console", on_console)
    window.on("pageerror", lambda error: wrong.append(str(error)))
    window.on("request", on_request)
    window.on("response", on_response)
    return wrong


@pytest.fixture
def open_window(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a window of a fresh profile, in which nothing may go wrong until the test's end."""
    opened: list[tuple[Page, list[str]]] = []

    def run(**options: Any) -> Page:
        window = chromium.new_context(**options).new_page()
        window.set_default_timeout(60_000)
        opened.append((window, watch(window)))
        return window

    yield run
    for window, _ in opened:
        window.context.close()
    assert not [complaint for _, wrong in opened for complaint in wrong]


@pytest.fixture
def page(open_window: Callable[..., Page]) -> Page:
    """A window of a fresh profile."""
    return open_window()


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
def issuer(live_server: Any, settings: Any, tmp_path: Path) -> str:
    """The identity provider as the demo has it; mail goes to its mailbox."""
    address = str(live_server.url).replace("127.0.0.1", "localhost")
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": address}
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "SCOPES": {"api:read": "Read your notes in the example API"},
    }
    settings.ROOT_URLCONF = "tests.browser.urls"
    settings.EMAIL_BACKEND = "idp_site.mailbox.EmailBackend"
    settings.VAR_DIR = tmp_path
    put_signing_keys()
    return address


@pytest.fixture
def client(issuer: str) -> Client:
    """An application, with a redirect URI at which nobody listens yet."""
    application = f"http://localhost:{free_port()}"
    registered = Client(
        name="Example shop",
        client_type="confidential",
        redirect_uris=f"{application}/callback",
        post_logout_redirect_uris=f"{application}/",
        grant_types=["authorization_code", "refresh_token"],
        scopes=["openid", "profile", "email", "offline_access", "api:read"],
        audiences=[f"http://localhost:{free_port()}/"],
    )
    registered.full_clean()
    registered.save()
    return registered


@pytest.fixture
def relying_party(issuer: str, client: Client, start: Callable[..., None]) -> str:
    """The address of the example relying party, which runs as ``client``."""
    address = client.post_logout_redirect_uris.rstrip("/")
    port = urlsplit(address).port
    assert port
    secret = client.rotate_secret()
    client.save()
    start(
        "examples.relying_party",
        port,
        RP_PORT=str(port),
        ISSUER_URL=issuer,
        CLIENT_ID=client.client_id,
        CLIENT_SECRET=secret,
        API_URL=client.audiences[0],
    )
    return address


@pytest.fixture
def protected_api(issuer: str, client: Client, start: Callable[..., None]) -> str:
    """The address of the example API, which ``client`` may call."""
    address = str(client.audiences[0])
    port = urlsplit(address).port
    assert port
    start(
        "examples.protected_api",
        port,
        API_PORT=str(port),
        ISSUER_URL=issuer,
        API_AUDIENCE=address,
    )
    return address


def new_person(email: str, **fields: Any) -> Any:
    """Someone who has confirmed their address and has a password, and nothing else."""
    return get_user_model().objects.create_user(
        email=email, password=PASSWORD, email_verified_at=timezone.now(), **fields
    )


@pytest.fixture
def alice(transactional_db: None) -> Any:
    """A person."""
    return new_person("alice@example.com", name="Alice Archer")


def sign_in(page: Page, email: str = "alice@example.com", password: str = PASSWORD) -> None:
    """Fill in the sign-in page that is shown; one that asks who is signed in knows the address."""
    if page.locator("input[name=identifier]").is_visible():
        page.locator("input[name=identifier]").fill(email)
    page.locator("input[name=password]").fill(password)
    submit(page)


def sit_down(page: Page, issuer: str, operator: Any) -> None:
    """Let the window be one in which the operator has signed in by two factors."""
    name = settings.SESSION_COOKIE_NAME
    cookie = desk_of(operator).cookies[name].value
    page.context.add_cookies([{"name": name, "value": cookie, "url": issuer}])


def submit(page: Page) -> None:
    """Send the page's first form, and wait for what comes."""
    with page.expect_navigation():
        page.locator("main form button[type=submit]").first.click()


def enter_code(page: Page, code: str) -> None:
    """Fill in a code, and wait for what comes. A complete one is sent by the page itself, unless it
    corrects another."""
    field = page.locator("input[name=code]")
    length = len("".join(filter(str.isalnum, code)))
    by_itself = (
        page.locator(f"#{field.get_attribute('id')}_sends").count() == 1  # with scripts
        and field.get_attribute("data-code-length") == str(length)
        and not field.input_value()
    )
    with page.expect_navigation():
        field.fill(code)
        if not by_itself:
            page.locator("main form button[type=submit]").first.click()


def fits(page: Page) -> bool:
    """Whether the page can be read without scrolling sideways (WCAG 1.4.10)."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def mailed_link(to: str, path: str = "") -> str:
    """The newest link to such a path in messages to this address, which the site may be sending."""
    given_up = time.monotonic() + 10
    while time.monotonic() < given_up:
        while outbox.deliver_due():
            pass
        for message in reversed(mailbox.messages()):
            found = re.search(rf"https?://\S+{path}\S*", message["text"])
            if message["to"] == to and found:
                return found[0]
        time.sleep(0.1)
    raise AssertionError(f"no such link was mailed to {to}")


def mailed_code(to: str) -> str:
    """The eight digits of the newest message to this address."""
    while outbox.deliver_due():
        pass
    text = [message["text"] for message in mailbox.messages() if message["to"] == to][-1]
    found = re.search(r"^\d{4} \d{4}$", bidi.without_isolates(text), re.MULTILINE)
    assert found, text
    return found[0]


def sent_code() -> str:
    """The six digits of the newest text message or mail that has some."""
    while outbox.deliver_due():
        pass
    found = [re.search(r"^(?:@\S+ #)?(\d{6})$", m["text"], re.M) for m in mailbox.messages()]
    return str([match[1] for match in found if match][-1])


def authorization_url(issuer: str, client: Client, **more: str) -> str:
    """A request for all that the client may ask for (OIDC Core §3.1.2.1).

    ``more`` adds parameters, sets them otherwise, or with ``""`` leaves them out.
    """
    query = {
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uris,
        "response_type": "code",
        "scope": " ".join(client.scopes),
        "resource": client.audiences[0],
        "state": "af0ifjsldkj",
        # RFC 7636 appendix B
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        **more,
    }
    sent = {name: value for name, value in query.items() if value}
    return f"{issuer}/oauth/authorize?{urlencode(sent)}"


def invitation_link(email: str) -> str:
    """The link of an invitation that an operator has sent to this address."""
    request = RequestFactory().get("/")
    request.user = new_person("ida@example.com", is_staff=True)
    invitations.send(request, Invitation(email=email, name="Erin", message="Welcome to the team."))
    return mailed_link(email)
