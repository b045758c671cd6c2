"""How an answer leaves the site: by a redirect where the application sent the person straight here,
by a page of its own where a form of ours was sent before it.

Chromium and Safari hold a page's ``form-action`` against every redirect that follows its form (CSP
Level 3 §6.4.1; PrefectHQ/fastmcp #3369, kanidm #3354). In a real Chromium: tests/browser.
"""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core import signing
from django.test import Client as Browser
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from oauth import answer_page, redirect_uri
from oauth.models import Client
from tests.oauth import flow

pytestmark = pytest.mark.django_db

CALLBACKS = [
    "https://rp.example/callback",
    "https://rp.example/callback?tenant=a&b=;url=https://evil.example/",
    "https://rp.example/it's;'quoted'",
    "http://127.0.0.1:4321/callback",
    "http://[::1]:4321/callback",
    "com.example.app:/callback",
    "com.example.app://host/callback",
]
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


class Page(HTMLParser):
    """What a browser makes of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every such element."""
        return [attrs for name, attrs in self.tags if name == tag]

    def goes_to(self) -> str:
        """Where the browser is led, by the HTML standard's steps for ``http-equiv="refresh"``."""
        [content] = [tag["content"] for tag in self.all("meta") if tag.get("http-equiv")]
        found = re.fullmatch(r"\s*0[0-9.]*\s*[;,]?\s*(?:url\s*=\s*)?(.*)", content, re.I | re.S)
        address = found[1]
        if address[:1] in ("'", '"'):
            address = address[1:].partition(address[0])[0]
        return address


def is_page(response) -> bool:
    """Whether the response is the page on which an answer leaves."""
    return response.status_code == 200 and b'http-equiv="refresh"' in response.content


def press(browser, response):
    """Press the button of the page."""
    [form] = Page(response.content.decode()).all("form")
    [field] = Page(response.content.decode()).all("input")
    return browser.post(form["action"], {field["name"]: field["value"]})


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_a_decision_is_answered_by_a_page(signed_in_browser, confidential_client, decision):
    asked = flow.authorize(signed_in_browser, confidential_client)

    response = flow.allow(signed_in_browser, asked, decision)

    assert is_page(response)
    assert flow.led_on_to(response).startswith("https://rp.example/callback?")
    assert {"allow": "code", "deny": "error"}[decision] in flow.answer_of(response)


def test_so_is_a_choice_of_the_account(consenting_browser, confidential_client):
    asked = flow.authorize(consenting_browser, confidential_client, prompt="select_account")
    chosen = consenting_browser.post(flow.url_of(asked), {"decision": "continue"})

    response = consenting_browser.get(chosen["Location"])

    assert is_page(response)
    assert "code" in flow.answer_of(response)


def test_so_is_who_comes_back_from_signing_in(consenting_browser, person, confidential_client):
    verifier = flow.new_verifier()
    away = flow.authorize(Browser(), confidential_client, verifier=verifier)
    back = dict(parse_qsl(urlsplit(away["Location"]).query))["next"]

    response = consenting_browser.get(back)

    assert is_page(response)
    code = flow.answer_of(response)["code"]
    assert flow.redeem(confidential_client, code, verifier).status_code == 200


def test_so_is_whom_a_page_of_ours_has_sent_as_the_browser_says(
    consenting_browser, confidential_client
):
    params = flow.authorization_params(confidential_client, flow.new_verifier())

    assert is_page(consenting_browser.get(flow.AUTHORIZE, params, headers=FROM_HERE))


@pytest.mark.parametrize("site", [None, "cross-site", "same-site", "none"])
def test_who_comes_straight_from_the_application_is_redirected(
    consenting_browser, confidential_client, site
):
    params = flow.authorization_params(confidential_client, flow.new_verifier())
    headers = {"Sec-Fetch-Site": site} if site else {}

    response = consenting_browser.get(flow.AUTHORIZE, params, headers=headers)

    assert response.status_code == 302
    assert "code" in flow.answer_of(response)


def test_prompt_none_shows_no_page_however_the_browser_came(
    consenting_browser, confidential_client
):
    """SECURITY A6."""
    params = flow.authorization_params(confidential_client, flow.new_verifier(), prompt="none")

    for extra in ({}, {"interaction": "x"}):
        response = consenting_browser.get(flow.AUTHORIZE, {**params, **extra}, headers=FROM_HERE)
        assert response.status_code == 302
        assert "code" in flow.answer_of(response)


# --- the page -------------------------------------------------------------------------------------


def test_the_page_loads_nothing_and_tells_nobody(signed_in_browser, confidential_client):
    response = flow.allow(signed_in_browser, flow.authorize(signed_in_browser, confidential_client))
    policy = dict(
        part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";")
    )

    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert not Page(response.content.decode()).all("script")
    assert confidential_client.name in response.content.decode()


@pytest.mark.parametrize("callback", CALLBACKS)
@pytest.mark.parametrize("mode", ["query", "fragment", "query.jwt", "fragment.jwt"])
def test_it_leads_to_any_kind_of_redirect_uri(
    signed_in_browser, confidential_client, callback, mode
):
    Client.objects.update(redirect_uris=callback)
    confidential_client.refresh_from_db()
    asked = flow.authorize(signed_in_browser, confidential_client, response_mode=mode)

    response = flow.allow(signed_in_browser, asked)

    target = Page(response.content.decode()).goes_to()
    assert target == flow.led_on_to(response)
    assert target.startswith(callback + ("#" if "fragment" in mode else ""))
    assert re.search("[?&#](code|response)=", target)
    assert press(signed_in_browser, response)["Location"] == target


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=60))
def test_no_character_of_an_address_leads_elsewhere_or_adds_markup(rest):
    """Whatever could ever be registered: printable ASCII without blanks."""
    for address in (f"https://rp.example/{rest}", f"com.example.app:{rest}"):
        if redirect_uri.why_not_registrable(address.partition("#")[0]):
            continue
        request = RequestFactory().get("/")
        shown = answer_page.answer_page(request, address, Client(name="Web"))
        page = Page(shown.content.decode())

        assert page.goes_to() == address
        assert len(page.tags) == len(
            Page(
                answer_page.answer_page(
                    request, "https://rp.example/", Client(name="Web")
                ).content.decode()
            ).tags
        )
        [field] = page.all("input")
        assert answer_page.signed_address(field["value"]) == address


def test_the_name_of_an_application_is_escaped(signed_in_browser, confidential_client):
    asked = flow.authorize(signed_in_browser, confidential_client)
    Client.objects.update(name="<script>alert(1)</script>")

    response = flow.allow(signed_in_browser, asked)

    assert is_page(response)
    assert b"<script>alert" not in response.content


# --- its button -----------------------------------------------------------------------------------


def test_the_button_works_without_cookies(signed_in_browser, confidential_client):
    """Some systems open an app only where somebody presses something."""
    response = flow.allow(signed_in_browser, flow.authorize(signed_in_browser, confidential_client))

    answer = press(Browser(enforce_csrf_checks=True), response)

    assert answer.status_code == 302
    assert answer["Location"] == flow.led_on_to(response)
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "https://evil.example/",
        "https://evil.example/:1tQ4Zx:c2lnbmF0dXJl",
        signing.TimestampSigner(salt="another").sign("https://evil.example/"),
        signing.dumps("https://evil.example/"),
    ],
)
def test_the_button_leads_nowhere_but_to_what_was_signed(address):
    """SECURITY A10."""
    answer = Browser().post("/oauth/continue", {"address": address} if address is not None else {})

    assert answer.status_code == 400
    assert not flow.led_on_to(answer)
    assert b"evil.example" not in answer.content


def test_the_button_does_not_work_for_ever(signed_in_browser, confidential_client, monkeypatch):
    response = flow.allow(signed_in_browser, flow.authorize(signed_in_browser, confidential_client))

    later = time.time() + answer_page.LIFETIME + 1
    monkeypatch.setattr("time.time", lambda: later)

    assert press(signed_in_browser, response).status_code == 400


def test_nothing_is_led_on_by_an_address_alone():
    assert Browser().get("/oauth/continue", {"address": "x"}).status_code == 405
