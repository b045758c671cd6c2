"""Times by the clock of the browser, where the profile says “Use browser setting”."""

import pytest

from .conftest import new_person, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_profile_without_a_time_zone_follows_the_browser(open_window, issuer):
    new_person("alice@example.com")
    page = open_window(timezone_id="Asia/Kolkata")
    page.goto(f"{issuer}/signin/")
    sign_in(page)
    page.wait_for_url("**/account/**")
    page.goto(f"{issuer}/account/activity/")

    assert page.locator("main time").first.get_attribute("datetime").endswith("+05:30")
