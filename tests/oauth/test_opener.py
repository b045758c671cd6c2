"""Applications that have people sign in in a pop-up keep hold of it (SECURITY C10)."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.http import HttpResponse, HttpResponseRedirect
from django.test import Client as Browser
from django.test import RequestFactory

from oauth.checks import check_openers
from oauth.middleware import OpenerMiddleware
from ostiary import signin
from tests.oauth import flow
from tests.oauth.conftest import PASSWORD

pytestmark = pytest.mark.django_db
POLICY = "Cross-Origin-Opener-Policy"
REQUEST = "/oauth/authorize?client_id=x"


def keeps_opener(response) -> bool:
    """Whether a page says so; one that says nothing is left to who knows what it is."""
    return response.get(POLICY) == "unsafe-none"


def nested(*addresses: str) -> str:
    """An address with the next one in its ``next``, and so on."""
    first, *rest = addresses
    return f"{first}?{urlencode({'next': nested(*rest)})}" if rest else first


@pytest.mark.needs("accounts")
@pytest.mark.parametrize("path", ["/signin/", "/signup/", "/recover/"])
def test_pages_that_lead_back_to_an_authorization_request_keep_it(path):
    assert keeps_opener(Browser().get(nested(path, REQUEST)))
    assert keeps_opener(Browser().post(nested(path, REQUEST), {}))
    assert Browser().get(path)[POLICY] == "same-origin"


def test_the_pages_of_a_request_keep_it(signed_in_browser, confidential_client):
    consent = flow.authorize(signed_in_browser, confidential_client)
    chooser = flow.authorize(signed_in_browser, confidential_client, prompt="select_account")
    answer = flow.allow(signed_in_browser, consent)
    posted = flow.authorize(signed_in_browser, confidential_client, response_mode="form_post")
    wrong = flow.authorize(signed_in_browser, confidential_client, redirect_uri="https://x.example")
    logout = signed_in_browser.get("/oauth/logout")
    too_old = Browser().post("/oauth/continue", {"address": "x"})

    for page in (consent, chooser, answer, posted, wrong, logout, too_old):
        assert page["Content-Type"].startswith("text/html")
        assert keeps_opener(page)


def test_redirects_on_the_way_keep_it(person, confidential_client):
    """A browser looks at what a redirect says, too; one between other pages says what they say."""
    browser = Browser()
    away = flow.authorize(browser, confidential_client)
    browser.force_login(person)
    straight = flow.authorize(browser, confidential_client, prompt="none")

    for answer in (away, straight):
        assert answer.status_code == 302
        assert keeps_opener(answer)
    for target, keeps in ((REQUEST, True), (nested("/signin/", REQUEST), True), ("/x/", False)):
        answer = OpenerMiddleware(lambda _, to=target: HttpResponseRedirect(to))
        assert keeps_opener(answer(RequestFactory().post("/signin/steps/"))) is keeps


@pytest.mark.needs("accounts")
def test_pages_that_do_not_say_where_they_lead_do_so_on_the_way(person):
    browser = Browser()
    form = {"email": "new@example.com", "name": "", "password": PASSWORD}
    waits = browser.post(nested("/signup/", REQUEST), {**form, "next": REQUEST})
    page = browser.get(waits["Location"])
    again = browser.post(waits["Location"], {"resend": "1"})
    language = browser.post("/language/", {"language": "de", "next": waits["Location"]})

    for answer in (waits, page, again, language):
        assert keeps_opener(answer)


@pytest.mark.parametrize(("leads_to", "keeps"), [(REQUEST, True), ("/account/", False)])
def test_the_step_of_a_pending_sign_in_that_leads_back_keeps_it(leads_to, keeps):
    request = RequestFactory().get("/signin/second-step/app/")
    request.session = Browser().session
    request.session[signin.SESSION_KEY] = {"next_url": leads_to}

    page = OpenerMiddleware(lambda _: HttpResponse("<p>"))(request)

    assert keeps_opener(page) is keeps


@pytest.mark.needs("accounts")
@pytest.mark.parametrize(
    "path", ["/account/", "/account/security/", "/account/profile/", "/no-such-page/", "/signin/"]
)
def test_no_other_page_does(person, path):
    browser = Browser()
    if path.startswith("/account/"):
        browser.post("/signin/", {"identifier": person.email, "password": PASSWORD})

    assert browser.get(path, headers={"accept": "text/html"})[POLICY] == "same-origin"


@pytest.mark.parametrize(
    ("address", "keeps"),
    [
        (nested("/account/security/passkeys/", REQUEST), True),
        (nested("/signin/", "/account/security/passkeys/", REQUEST), True),
        (nested("/signin/", "/oauth/logout"), True),
        (nested("/signin/", "/oauth/authorized"), False),
        (nested("/signin/", "/account/?to=/oauth/authorize"), False),
        (nested("/signin/", "https://[/oauth/authorize"), False),
        (nested("/signin/", "\x00"), False),
        (nested(*["/signin/"] * 40, REQUEST), False),
        ("/signin/?" + "&".join(["a=1"] * 2000), False),
        ("/account/", False),
    ],
)
def test_it_is_decided_by_the_addresses_alone(address, keeps, django_assert_num_queries):
    with django_assert_num_queries(0):
        page = OpenerMiddleware(lambda _: HttpResponse("<p>"))(RequestFactory().get(address))

    assert keeps_opener(page) is keeps


def test_a_view_may_name_where_its_form_leads():
    def view(_):
        page = HttpResponse("<p>")
        page.next_url = REQUEST
        return page

    assert keeps_opener(OpenerMiddleware(view)(RequestFactory().get("/signup/verify/")))


def test_what_reads_no_cookie_is_not_looked_at():
    assert not keeps_opener(Browser().get("/.well-known/openid-configuration"))


# --- the check ------------------------------------------------------------------------------------

SECURITY = "django.middleware.security.SecurityMiddleware"
OURS = "oauth.middleware.OpenerMiddleware"


@pytest.mark.parametrize(
    ("middleware", "policy", "warns"),
    [
        ([SECURITY], "same-origin", True),
        ([SECURITY], "same-origin-allow-popups", True),
        ([SECURITY, OURS], "same-origin", False),
        ([SECURITY], None, False),
        ([SECURITY], "unsafe-none", False),
        ([], "same-origin", False),
    ],
)
def test_a_project_that_cuts_pop_ups_off_is_told(settings, middleware, policy, warns):
    settings.MIDDLEWARE = middleware
    settings.SECURE_CROSS_ORIGIN_OPENER_POLICY = policy

    found = check_openers(None)

    assert bool(found) is warns
    assert all(OURS in message.hint for message in found)
