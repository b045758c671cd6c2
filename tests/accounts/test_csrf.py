"""Every form is ours: one sent from another site is refused (SECURITY C)."""

import re

import pytest
from django.test import Client as Browser

from accounts import urls
from ostiary.models import Session
from tests.accounts import flow

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict_browser(person):
    """A browser in which Alice is signed in, on a site that checks where forms come from."""
    browser = Browser(enforce_csrf_checks=True)
    page = browser.get("/signin/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    answer = browser.post(
        "/signin/",
        {"identifier": person.email, "password": flow.PASSWORD, "csrfmiddlewaretoken": token},
    )
    assert answer.status_code == 302
    return browser


def every_path() -> list[str]:
    sid = "00000000-0000-7000-8000-000000000000"
    filled = (re.sub(r"<uuid:\w+>", sid, str(route.pattern)) for route in urls.urlpatterns)
    return ["/" + re.sub(r"<slug:\w+>", "x", path) for path in filled]


@pytest.mark.parametrize("path", every_path())
def test_a_form_without_our_token_is_refused(strict_browser, path):
    answer = strict_browser.post(path, {})

    if answer.status_code == 302:  # of a sign-in, which the person has made elsewhere
        assert answer["Location"] == "/signin/"
    else:
        assert answer.status_code in (403, 405)
    assert Session.objects.get().ended_at is None


@pytest.mark.parametrize("path", ["/signin/", "/signup/", "/recover/"])
def test_a_visitors_form_without_our_token_is_refused(path, db):
    assert Browser(enforce_csrf_checks=True).post(path, {}).status_code == 403


@pytest.mark.parametrize(
    "path", ["/account/sessions/", "/account/profile/", "/account/security/", "/signout/"]
)
def test_each_form_brings_its_token(strict_browser, path):
    page = strict_browser.get(path).content.decode()

    assert page.count('<form method="post"') == page.count("csrfmiddlewaretoken") >= 1
