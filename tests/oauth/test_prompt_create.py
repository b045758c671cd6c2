"""``prompt=create``: a person is sent to sign up, and comes back (Initiating User Registration via
OpenID Connect 1.0)."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.test import Client as Browser

from oauth.checks import check_signup_url
from oauth.models import Grant
from tests.accounts import flow as accounts_flow
from tests.oauth import flow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def signup_page(settings):
    """The site has one."""
    settings.OSTIARY_OAUTH = {"SIGNUP_URL": "/signup/"}


def next_of(response):
    """Where the sign-up page that the response leads to will send the person."""
    location = urlsplit(response["Location"])
    assert location.path == "/signup/"
    return parse_qs(location.query)["next"][0]


def test_a_visitor_is_sent_to_sign_up(confidential_client):
    response = flow.authorize(Browser(), confidential_client, prompt="create")

    assert next_of(response).startswith("/oauth/authorize?")


@pytest.mark.needs("accounts")
@pytest.mark.parametrize("pushed", [False, True])
def test_who_signs_up_comes_back_to_the_request(confidential_client, pushed):
    browser, verifier = Browser(), flow.new_verifier()
    asked = {"prompt": "create", "verifier": verifier}
    if pushed:
        response = flow.come(browser, confidential_client, flow.push(confidential_client, **asked))
    else:
        response = flow.authorize(browser, confidential_client, **asked)
    address = next_of(response)
    assert browser.get(response["Location"]).status_code == 200

    back = accounts_flow.sign_up(browser, "new@example.com", next=address)

    assert back["Location"] == address
    page = browser.get(address)
    code = flow.answer_of(flow.allow(browser, page))["code"]
    tokens = flow.redeem(confidential_client, code, verifier).json()
    new = get_user_model().objects.get(email="new@example.com")
    assert flow.said_by(tokens["id_token"])["sub"] == str(new.pk)


def test_who_comes_back_without_signing_up_is_asked_to_sign_in(confidential_client):
    browser = Browser()
    address = next_of(flow.authorize(browser, confidential_client, prompt="create"))

    assert urlsplit(browser.get(address)["Location"]).path == "/signin/"


def test_who_is_signed_in_may_make_another_account(signed_in_browser, confidential_client):
    flow.obtain_code(signed_in_browser, confidential_client)
    Grant.objects.all().delete()

    response = flow.authorize(signed_in_browser, confidential_client, prompt="create")

    assert next_of(response)
    assert Grant.objects.count() == 0


def test_who_is_signed_in_and_thinks_better_of_it_chooses_and_never_goes_round(
    signed_in_browser, confidential_client
):
    flow.obtain_code(signed_in_browser, confidential_client)
    response = flow.authorize(signed_in_browser, confidential_client, prompt="create")

    page = signed_in_browser.get(next_of(response))
    assert b"Continue as" in page.content
    chosen = signed_in_browser.post(flow.url_of(page), {"decision": "continue"})

    assert "code" in flow.answer_of(signed_in_browser.get(chosen["Location"]))


@pytest.mark.parametrize("prompt", ["none create", "create none"])
def test_it_does_not_go_with_none(signed_in_browser, confidential_client, prompt):
    response = flow.authorize(signed_in_browser, confidential_client, prompt=prompt)

    assert flow.answer_of(response)["error"] == "invalid_request"


def test_a_site_without_a_sign_up_page_does_not_offer_it(
    signed_in_browser, confidential_client, settings
):
    settings.OSTIARY_OAUTH = {}

    response = flow.authorize(signed_in_browser, confidential_client, prompt="create")

    assert flow.answer_of(response)["error"] == "invalid_request"
    told = Browser().get("/.well-known/openid-configuration").json()
    assert "create" not in told["prompt_values_supported"]


@pytest.mark.parametrize("name", ["ostiary_oauth:applications", "/signup/", "https://x.example/"])
def test_the_page_may_be_an_address_or_a_name(confidential_client, settings, name):
    settings.OSTIARY_OAUTH = {"SIGNUP_URL": name}

    response = flow.authorize(Browser(), confidential_client, prompt="create")

    assert check_signup_url(None) == []
    expected = "/account/applications/" if "oauth" in name else name
    assert response["Location"].startswith(f"{expected}?next=")


def test_a_name_that_is_none_is_told_by_the_checks(settings):
    settings.OSTIARY_OAUTH = {"SIGNUP_URL": "nowhere"}
    assert [problem.id for problem in check_signup_url(None)] == ["ostiary_oauth.E006"]

    settings.OSTIARY_OAUTH = {}
    assert check_signup_url(None) == []
