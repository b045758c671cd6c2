"""Scripts that run from right to left."""

import pytest

from .conftest import fits, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("width", [1280, 320])
def test_the_pages_turn_with_the_direction_of_the_script(
    open_window, settings, issuer, alice, width
):
    settings.LANGUAGES = [("en", "English"), ("ar", "Arabic")]
    page = open_window(locale="ar", viewport={"width": width, "height": 640})
    page.goto(f"{issuer}/account/")
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert fits(page)
    sign_in(page)

    navigation = page.locator(".account-navigation a").first
    navigation.wait_for()
    assert fits(page)
    box = navigation.bounding_box()
    assert box["x"] + box["width"] > width / 2
