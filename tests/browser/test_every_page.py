"""What holds of every page that somebody can see.

The window itself holds each page to the rest: no error in the console, nothing that the Content
Security Policy refuses, no request to a third party (SECURITY C10).
"""

import pytest

from .conftest import fits
from .tours import TOURS

pytestmark = pytest.mark.django_db(transaction=True)

# Django's own widget names a <span> that must have no name (axe: aria-prohibited-attr).
DJANGOS_OWN = [".help-tooltip.search-label-icon"]
AUDIT = """([exclude, rules]) =>
    axe.run({exclude}, {runOnly: rules, resultTypes: ["violations"]})"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.parametrize("tour", TOURS, ids=lambda tour: tour.__name__)
def test_every_page_keeps_the_rules_of_accessibility_in_light_and_dark(
    tour, open_window, issuer, client, axe
):
    page = open_window(reduced_motion="reduce")  # colours change at once
    broken = {}
    for name in tour(page, issuer, client):
        page.evaluate(axe)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate(AUDIT, [DJANGOS_OWN, RULES])
            for rule in found["violations"]:
                where = [node["target"] for node in rule["nodes"]]
                broken[f"{name}, {scheme}, {rule['id']}"] = where
    assert not broken


@pytest.mark.parametrize("tour", TOURS, ids=lambda tour: tour.__name__)
def test_every_page_fits_a_window_of_320_px_and_says_which_it_is(tour, page, issuer, client):
    page.set_viewport_size({"width": 320, "height": 640})
    titles = {}
    for name in tour(page, issuer, client):
        assert fits(page), name
        assert page.locator("h1").count() == 1, name
        if page.locator(".account-navigation").count():
            assert page.locator("[aria-current=page]").count() == 1, name
        titles[name] = page.title()
    assert all(titles.values()), titles
