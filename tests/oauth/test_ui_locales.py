"""``ui_locales``: the pages of one flow in a language that the application names (OIDC Core
§3.1.2.1)."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client as Browser

from tests.oauth import flow
from tests.oauth.assertions import CLIENT_KEY, public_jwk, request_object
from tests.oauth.conftest import PASSWORD

pytestmark = pytest.mark.django_db
COOKIE = "ostiary_flow_language"


@pytest.fixture(autouse=True)
def languages(settings):
    """The site is there in three languages."""
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ar", "العربية")]


def language_of(page) -> str:
    """The language that a page says it is in, the same in its header."""
    said = page.content.decode().partition('<html lang="')[2].partition('"')[0]
    assert page["Content-Language"] == said
    return said


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("de", "de"),
        ("DE-ch", "de"),
        ("fr de en", "de"),
        ("ar", "ar"),
        ("fr", "en"),
        ("x" * 600, "en"),
        ("de\x00", "en"),
        ("٣ ../de", "en"),
        (" ".join(["fr"] * 20 + ["de"]), "en"),
    ],
)
def test_the_consent_page_is_in_the_first_language_that_the_site_has(
    signed_in_browser, confidential_client, wanted, shown
):
    page = flow.authorize(signed_in_browser, confidential_client, ui_locales=wanted)

    assert language_of(page) == shown


@pytest.mark.needs("accounts")
def test_the_pages_on_the_way_are_in_it_until_the_answer_and_none_after(
    person, confidential_client
):
    browser = Browser()
    response = flow.authorize(browser, confidential_client, ui_locales="de")
    assert language_of(browser.get(response["Location"])) == "de"
    query = dict(parse_qsl(urlsplit(response["Location"]).query))
    form = {"identifier": "alice@example.com", "password": PASSWORD, "next": query["next"]}

    page = browser.get(browser.post(response["Location"], form)["Location"])
    assert language_of(page) == "de"
    answer = flow.allow(browser, page)

    assert "code" in flow.answer_of(answer)
    assert answer.cookies[COOKIE]["max-age"] == 0
    assert language_of(browser.get("/signin/?reauthenticate=1")) == "en"


@pytest.mark.needs("accounts")
def test_it_goes_before_the_language_of_the_browser(confidential_client):
    browser = Browser(headers={"accept-language": "ar"})
    response = flow.authorize(browser, confidential_client, ui_locales="de")

    assert language_of(browser.get(response["Location"])) == "de"


def test_a_next_request_without_it_is_in_the_language_of_the_browser(
    signed_in_browser, confidential_client
):
    flow.authorize(signed_in_browser, confidential_client, ui_locales="de")

    page = flow.authorize(signed_in_browser, confidential_client)
    assert page.cookies[COOKIE]["max-age"] == 0

    assert language_of(flow.authorize(signed_in_browser, confidential_client)) == "en"


def test_it_is_read_from_pushed_and_signed_requests(signed_in_browser, confidential_client):
    pushed = flow.push(confidential_client, ui_locales="de")
    page = flow.come(signed_in_browser, confidential_client, pushed, ui_locales="ar")
    assert language_of(page) == "de"

    confidential_client.metadata = {"jwks": {"keys": [public_jwk(CLIENT_KEY)]}}
    confidential_client.save()
    signed = request_object(confidential_client, header={}, ui_locales="ar")
    params = {"client_id": confidential_client.client_id, "request": signed}
    response = signed_in_browser.get(flow.AUTHORIZE, params)
    assert language_of(signed_in_browser.get(response["Location"])) == "ar"


def test_without_it_no_cookie_is_given(signed_in_browser, confidential_client):
    assert COOKIE not in flow.authorize(signed_in_browser, confidential_client).cookies


@pytest.mark.parametrize("forged", ["fr", "../../etc", "x" * 600, ""])
def test_a_forged_cookie_is_none(signed_in_browser, confidential_client, forged):
    signed_in_browser.cookies[COOKIE] = forged

    assert language_of(signed_in_browser.get("/account/applications/")) == "en"


def test_the_pages_of_a_logout_are_in_it(signed_in_browser):
    """RP-Initiated Logout §2."""
    address = "/oauth/logout?ui_locales=fr+de"

    assert language_of(signed_in_browser.get(address)) == "de"
    assert language_of(signed_in_browser.post(address, {"decision": "allow"})) == "de"
    assert language_of(signed_in_browser.get("/oauth/logout?ui_locales=x%00")) == "en"


def test_the_languages_of_the_site_are_told():
    told = Browser().get("/.well-known/openid-configuration").json()

    assert told["ui_locales_supported"] == ["en", "de", "ar"]
