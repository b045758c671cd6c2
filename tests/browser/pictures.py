"""Pictures of every page, light and dark, wide and narrow; and the two of the README.

Not among the tests: ``make screenshots`` takes them.
"""

import pytest

from .conftest import PASSWORD, ROOT, authorization_url
from .tours import TOURS, mail

pytestmark = pytest.mark.django_db(transaction=True)

TARGET = ROOT / "var" / "screenshots"
README = ROOT / "docs" / "images"
WINDOWS = {"desktop": {"width": 1280, "height": 800}, "320px": {"width": 320, "height": 640}}


@pytest.mark.parametrize("tour", [*TOURS, mail.every_message], ids=lambda tour: tour.__name__)
def test_of_every_page(tour, open_window, issuer, client):
    TARGET.mkdir(parents=True, exist_ok=True)
    page = open_window(reduced_motion="reduce")
    for name in tour(page, issuer, client):
        for window, size in WINDOWS.items():
            page.set_viewport_size(size)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=TARGET / f"{name}-{scheme}-{window}.png", full_page=True)


def test_of_the_readme(open_window, settings, issuer, client, alice):
    settings.DEMO = False
    client.redirect_uris = "https://shop.example/callback"
    client.save()
    page = open_window(viewport={"width": 640, "height": 720}, color_scheme="light")
    page.goto(authorization_url(issuer, client, scope="openid profile email", resource=""))
    page.locator("input[name=identifier]").fill(alice.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.screenshot(path=README / "sign-in.png")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Allow", exact=True).wait_for()
    page.screenshot(path=README / "consent.png")
