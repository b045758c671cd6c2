"""The whole house in a real browser: relying party, sign-in, consent, claims, refresh, API, out."""

import pytest

from oauth.models import Grant
from ostiary.models import Session

from .conftest import PASSWORD, fits, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def allow(page):
    page.get_by_role("button", name="Allow", exact=True).click()


def test_a_person_signs_in_allows_refreshes_calls_the_api_and_signs_out(
    page, issuer, client, relying_party, protected_api, alice
):
    page.goto(relying_party)
    page.get_by_role("link", name="Sign in").click()
    page.wait_for_url(f"{issuer}/signin/**")
    sign_in(page)

    page.wait_for_url(f"{issuer}/oauth/authorize**")
    assert client.name in page.get_by_role("heading", level=1).inner_text()
    of_the_account, at_the_api = page.locator(".scope-list").all_inner_texts()
    assert "See your email address" in of_the_account
    assert "Read your notes in the example API" in at_the_api
    allow(page)

    page.wait_for_url(f"{relying_party}/")
    shown = page.inner_text("body")
    assert alice.email in shown
    assert str(alice.pk) in shown
    assert "urn:ostiary:aal1" in shown

    page.get_by_role("button", name="Refresh").click()
    page.get_by_text("Tokens refreshed").wait_for()
    page.get_by_role("button", name="Call").click()
    page.get_by_text(client.client_id).first.wait_for()

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in").wait_for()
    assert page.url.startswith(f"{relying_party}/")
    assert not Session.objects.filter(ended_at__isnull=True).exists()


def test_the_second_time_no_consent_is_asked(page, relying_party, alice):
    page.goto(f"{relying_party}/login")
    sign_in(page)
    allow(page)
    page.wait_for_url(f"{relying_party}/")

    page.goto(f"{relying_party}/login")
    page.wait_for_url(f"{relying_party}/")

    assert Grant.objects.count() == 2


def test_a_person_who_does_not_allow_it_goes_back_with_nothing(page, relying_party, alice):
    page.goto(f"{relying_party}/login")
    sign_in(page)
    page.get_by_role("button", name="Deny").click()

    page.wait_for_url(f"{relying_party}/callback**")
    assert "access_denied" in page.inner_text("body")
    assert not Grant.objects.exists()


def test_prompt_login_asks_a_signed_in_person_once_more_and_only_once(
    page, issuer, relying_party, alice
):
    page.goto(f"{relying_party}/login")
    sign_in(page)
    allow(page)
    page.wait_for_url(f"{relying_party}/")

    page.goto(f"{relying_party}/login?prompt=login")
    page.wait_for_url(f"{issuer}/signin/**")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")

    page.wait_for_url(f"{relying_party}/")
    assert Session.objects.filter(ended_at__isnull=True).count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_whole_way_works_in_a_narrow_window(open_window, relying_party, alice, scheme):
    page = open_window(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    page.goto(relying_party)
    assert fits(page)
    page.get_by_role("link", name="Sign in").click()
    sign_in(page)
    allow(page)
    page.wait_for_url(f"{relying_party}/")
    assert fits(page)


def test_the_whole_way_works_without_scripts(open_window, relying_party, alice):
    page = open_window(java_script_enabled=False)
    page.goto(relying_party)
    page.get_by_role("link", name="Sign in").click()
    sign_in(page)
    allow(page)
    page.wait_for_url(f"{relying_party}/")
    assert alice.email in page.inner_text("body")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in").wait_for()
    assert page.url.startswith(f"{relying_party}/")
    assert not Session.objects.filter(ended_at__isnull=True).exists()
