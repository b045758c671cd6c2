"""An application whose redirect URI leads on to another origin, or into an app, is reached from
every page with a form (PrefectHQ/fastmcp #3369, matrix-construct/tuwunel #573, kanidm #3354); and
one that has people sign in in a pop-up keeps hold of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from oauth.models import Client, Consent

from .conftest import authorization_url, enter_code, mailed_code, sign_in, submit

pytestmark = pytest.mark.django_db(transaction=True)

APP = "com.example.app"


@dataclass
class Application:
    """A server of an application. ``/callback`` and ``/out`` lead on to ``leads_to``; ``/page`` is
    ``html``."""

    port: int = 0
    leads_to: str = ""
    html: str = "<p>"
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its origin."""
        return f"http://localhost:{self.port}"


@pytest.fixture
def start_application() -> Iterator[Callable[[], Application]]:
    """Starts applications, each on an origin of its own."""
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start() -> Application:
        application = Application()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                application.asked.append(f"{self.command} {path}")
                if path in ("/callback", "/out") and application.leads_to:
                    self.send_response(303)
                    self.send_header("Location", application.leads_to)
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(application.html.encode())

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("localhost", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        application.port = server.server_port
        return application

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def front(start_application) -> Application:
    """The application's front end."""
    return start_application()


@pytest.fixture
def back(start_application, front, client) -> Application:
    """Its back end, which has the redirect URI and leads on to the front end."""
    application = start_application()
    application.leads_to = f"{front.url}/landing"
    client.redirect_uris = f"{application.url}/callback"
    client.post_logout_redirect_uris = f"{application.url}/out"
    client.save()
    return application


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


# Each leads to the redirect URI, over a form of another page of ours.


def by_sign_in(page: Page, issuer: str, client: Client, alice: Any) -> None:
    Client.objects.update(first_party=True)
    page.goto(authorization_url(issuer, client))
    sign_in(page)


def by_consent(page: Page, issuer: str, client: Client, alice: Any) -> None:
    page.goto(authorization_url(issuer, client))
    sign_in(page)
    press(page, "Allow")


def by_refusal(page: Page, issuer: str, client: Client, alice: Any) -> None:
    page.goto(authorization_url(issuer, client))
    sign_in(page)
    press(page, "Deny")


def by_choice_of_account(page: Page, issuer: str, client: Client, alice: Any) -> None:
    Client.objects.update(first_party=True)
    page.goto(f"{issuer}/signin/")
    sign_in(page)
    page.goto(authorization_url(issuer, client, prompt="select_account"))
    press(page, f"Continue as {alice.email}")


def by_signing_up(page: Page, issuer: str, client: Client, alice: Any) -> None:
    Client.objects.update(first_party=True)
    page.goto(authorization_url(issuer, client, prompt="create"))
    page.locator("input[name=email]").fill("new@example.com")
    page.locator("input[name=password]").fill("a long passphrase of someone new")
    submit(page)
    enter_code(page, mailed_code("new@example.com"))


def by_confirming_who_one_is(page: Page, issuer: str, client: Client, alice: Any) -> None:
    Client.objects.update(first_party=True)
    page.goto(f"{issuer}/signin/")
    sign_in(page)
    page.goto(authorization_url(issuer, client, prompt="login"))
    sign_in(page)


def by_another_language(page: Page, issuer: str, client: Client, alice: Any) -> None:
    """The page of consent is shown in another language; meanwhile another tab has consented."""
    page.goto(authorization_url(issuer, client))
    sign_in(page)
    page.wait_for_url("**/oauth/authorize**")
    Consent.objects.all().delete()
    Client.objects.update(first_party=True)
    press(page, "Deutsch")


def by_form_post(page: Page, issuer: str, client: Client, alice: Any) -> None:
    page.goto(authorization_url(issuer, client, response_mode="form_post"))
    sign_in(page)
    press(page, "Allow")


def by_signing_out(page: Page, issuer: str, client: Client, alice: Any) -> None:
    page.goto(f"{issuer}/signin/")
    sign_in(page)
    page.goto(
        f"{issuer}/oauth/logout?client_id={client.client_id}"
        f"&post_logout_redirect_uri={client.post_logout_redirect_uris}"
    )
    press(page, "Sign out")


WAYS = [
    by_sign_in,
    by_consent,
    by_refusal,
    by_choice_of_account,
    by_signing_up,
    by_confirming_who_one_is,
    by_another_language,
    by_form_post,
    by_signing_out,
]


@pytest.mark.parametrize("way", WAYS)
def test_the_browser_arrives_where_the_redirect_uri_leads(
    page, issuer, client, alice, front, back, way
):
    way(page, issuer, client, alice)

    page.wait_for_url(f"{front.url}/landing")
    assert len(back.asked) == 1


def tries_to_open_the_app(page: Page) -> Any:
    """Waits until the browser asks the system for whoever knows the scheme; nobody does, here. What
    the policy of a page forbids never comes so far."""
    return page.expect_request(lambda request: request.url.startswith(f"{APP}:"))


@pytest.mark.parametrize("way", WAYS)
def test_an_app_is_opened_where_the_redirect_uri_leads_to_it(
    chromium: Browser, issuer, client, alice, back, way
):
    back.leads_to = f"{APP}://host/landing"
    with chromium.new_context() as context:
        page = context.new_page()
        with tries_to_open_the_app(page):
            way(page, issuer, client, alice)


@pytest.mark.parametrize("way", [way for way in WAYS if way is not by_form_post])
def test_an_app_is_opened_by_itself_and_by_a_press(chromium: Browser, issuer, client, alice, way):
    """Some systems open an app only by a press."""
    client.redirect_uris = f"{APP}:/callback"
    client.post_logout_redirect_uris = f"{APP}:/out"
    client.save()
    with chromium.new_context() as context:
        page = context.new_page()
        with tries_to_open_the_app(page):
            way(page, issuer, client, alice)
        with tries_to_open_the_app(page):
            page.locator("main form button").click()


def test_who_comes_straight_from_the_application_sees_no_page(
    page, issuer, client, alice, front, back
):
    by_consent(page, issuer, client, alice)
    page.wait_for_url(f"{front.url}/landing")
    shown: list[str] = []
    page.on("domcontentloaded", lambda of: shown.append(of.url))
    front.html = f'<a href="{authorization_url(issuer, client).replace("&", "&amp;")}">Sign in</a>'
    page.goto(f"{front.url}/page")

    page.get_by_role("link").click()

    page.wait_for_url(f"{front.url}/landing")
    assert shown == [f"{front.url}/page", f"{front.url}/landing"]


# --- in a pop-up ----------------------------------------------------------------------------------


OPENS = """
<script>
  addEventListener("message", (message) => { document.title = "got " + message.data; });
  function open_in_pop_up(address) { window.pop_up = open(address, "", "popup,width=500"); }
</script>
"""
ANSWERS = """
<script>
  opener.postMessage(location.search.includes("code=") ? "a code" : "no code", "*");
  close();
</script>
"""


@pytest.fixture
def pop_up_application(start_application, client) -> Application:
    """A single-page application that has its redirect URI on its own origin."""
    application: Application = start_application()
    client.redirect_uris = f"{application.url}/callback"
    client.save()
    return application


@pytest.mark.parametrize("signs_up", [False, True], ids=["sign-in", "sign-up"])
def test_an_application_gets_its_answer_from_a_pop_up(
    page, issuer, client, alice, pop_up_application, signs_up
):
    """angular-auth-oidc-client, msal-browser 4 and oidc-client-ts 3.1 wait for it so."""
    pop_up_application.html = OPENS
    page.goto(f"{pop_up_application.url}/page")
    prompt = {"prompt": "create"} if signs_up else {}
    with page.expect_popup() as opened:
        page.evaluate("open_in_pop_up", authorization_url(issuer, client, **prompt))
    pop_up = opened.value
    pop_up_application.html = ANSWERS
    if signs_up:
        pop_up.locator("input[name=email]").fill("new@example.com")
        pop_up.locator("input[name=password]").fill("a long passphrase of someone new")
        submit(pop_up)
        enter_code(pop_up, mailed_code("new@example.com"))
    else:
        sign_in(pop_up)
    assert pop_up.evaluate("opener !== null")
    assert not page.evaluate("pop_up.closed")
    press(pop_up, "Allow")

    page.wait_for_function("document.title === 'got a code'")


@pytest.mark.parametrize("path", ["/account/", "/account/security/", "/signin/", "/admin/"])
def test_no_other_page_is_held_by_who_opened_it(
    page, issuer, client, alice, pop_up_application, path
):
    page.goto(f"{issuer}/signin/")
    sign_in(page)
    pop_up_application.html = OPENS
    page.goto(f"{pop_up_application.url}/page")
    with page.expect_popup() as opened:
        page.evaluate("open_in_pop_up", f"{issuer}{path}")
    opened.value.wait_for_load_state()

    assert opened.value.evaluate("opener === null")
    assert page.evaluate("pop_up.closed")


@pytest.mark.parametrize("of_a_request", [True, False])
def test_no_page_can_be_framed(chromium: Browser, issuer, client, alice, front, of_a_request):
    address = authorization_url(issuer, client) if of_a_request else f"{issuer}/signin/"
    front.html = f'<iframe src="{address.replace("&", "&amp;")}"></iframe>'
    with chromium.new_context() as context:
        page = context.new_page()
        with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
            page.goto(f"{front.url}/page")

        assert not page.frames[1].url.startswith(issuer)
