"""The whole house in a real browser: relying party, sign-in, consent, claims, refresh, API, out."""

import pytest

from oauth.models import Grant
from ostiary.models import Session

from .conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_person_signs_in_allows_refreshes_calls_the_api_and_signs_out(page, demo, alice):
    page.goto(demo.relying_party)
    page.get_by_role("link", name="Sign in").or_(page.get_by_role("button", name="Sign in")).click()
    page.wait_for_url(f"{demo.issuer}/signin/**")
    sign_in(page)

    page.wait_for_url(f"{demo.issuer}/oauth/authorize**")
    assert "Example shop" in page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("button", name="Allow", exact=True).click()

    page.wait_for_url(f"{demo.relying_party}/")
    shown = page.inner_text("body")
    assert "alice@example.com" in shown
    assert str(alice.pk) in shown
    assert "urn:ostiary:aal1" in shown

    page.get_by_role("button", name="Refresh").click()
    page.get_by_text("Tokens refreshed").wait_for()
    page.get_by_role("button", name="Call").click()
    page.get_by_text(demo.client.client_id).first.wait_for()

    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{demo.relying_party}/")
    assert not Session.objects.filter(ended_at__isnull=True).exists()


def test_the_second_time_no_consent_is_asked(page, demo, alice):
    for visit in ("first", "second"):
        page.goto(f"{demo.relying_party}/login")
        if visit == "first":
            sign_in(page)
            page.get_by_role("button", name="Allow", exact=True).click()
        page.wait_for_url(f"{demo.relying_party}/")

    assert Grant.objects.count() == 2


def test_a_person_who_does_not_allow_it_goes_back_with_nothing(page, demo, alice):
    page.goto(f"{demo.relying_party}/login")
    sign_in(page)
    page.get_by_role("button", name="Don’t allow").click()

    page.wait_for_url(f"{demo.relying_party}/callback**")
    assert "access_denied" in page.inner_text("body")
    assert not Grant.objects.exists()


def test_prompt_login_asks_a_signed_in_person_once_more_and_only_once(page, demo, alice):
    page.goto(f"{demo.relying_party}/login")
    sign_in(page)
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{demo.relying_party}/")

    page.goto(f"{demo.relying_party}/login?prompt=login")
    page.wait_for_url(f"{demo.issuer}/signin/**")
    page.locator("input[name=password]").fill("correct horse battery staple")
    page.locator("input[name=password]").press("Enter")

    page.wait_for_url(f"{demo.relying_party}/")
    assert Session.objects.filter(ended_at__isnull=True).count() == 1


def test_every_page_of_the_way_fits_a_narrow_window_without_scrolling_sideways(page, demo, alice):
    page.set_viewport_size({"width": 320, "height": 720})

    def fits():
        return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    page.goto(f"{demo.relying_party}/login")
    assert fits()
    sign_in(page)
    page.get_by_role("button", name="Allow", exact=True).wait_for()
    assert fits()
    page.goto(f"{demo.issuer}/account/")
    assert fits()
    page.goto(f"{demo.issuer}/account/applications/")
    assert fits()
