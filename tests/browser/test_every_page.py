"""What holds of every page that somebody can see.

The window itself holds each page to the rest: no error in the console, nothing that the Content
Security Policy refuses, no request to a third party (SECURITY C10).
"""

from pathlib import Path

import pytest
from django.template import engines
from django.test.signals import template_rendered

from .conftest import HERE, ROOT
from .tours import TOURS, operator

pytestmark = pytest.mark.django_db(transaction=True)

# Django's own search names a <span> that must have no name, and labels the field by a picture,
# which axe overlooks where there is a help text too (axe: aria-prohibited-attr, label-title-only).
DJANGOS_OWN = [".help-tooltip.search-label-icon", "#searchbar[aria-describedby]"]
AUDIT = """([exclude, runOnly]) =>
    axe.run({exclude}, {runOnly, resultTypes: ["violations"]})"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What other colours, other windows and another language change of what all the rules have found.
OF_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
OF_SIZE = {"type": "rule", "values": ["target-size"]}
OF_LANGUAGE = {
    "type": "rule",
    "values": ["html-has-lang", "html-lang-valid", "valid-lang", "label"],
}
# The administration is laid out from right to left by Django itself.
OF_PEOPLE = [tour for tour in TOURS if tour.__module__ != operator.__name__]
LAYOUT = (HERE / "layout.js").read_text()

DESKTOP = {"width": 1280, "height": 800}
NARROW = {"width": 320, "height": 640}  # also what is left of the desktop at 400 % (WCAG 1.4.10)
HALF = {"width": 640, "height": 400}  # what is left of the desktop at 200 % (WCAG 1.4.4)


class Inspector:
    """Looks at the page in a window, and keeps what is wrong by page and view."""

    def __init__(self, page, axe):
        self.page = page
        self.axe = axe
        self.settings = page.context.new_cdp_session(page)
        self.wrong = {}
        self.settings.on("Log.entryAdded", self.hear)
        self.settings.send("Log.enable")

    def hear(self, said):
        """What Chromium's password manager can't make use of: a form without a user name."""
        text = said["entry"]["text"]
        if text.startswith("[DOM]"):
            self.wrong[f"{said['entry'].get('url')}, Chromium’s parser of forms"] = text

    def arrive(self, name):
        self.name = name
        self.page.evaluate(self.axe)
        self.page.evaluate(LAYOUT)

    def look(self, view, *questions):
        for question in questions:
            if found := self.page.evaluate(f"layout.{question}()"):
                self.wrong[f"{self.name}, {view}, {question}"] = found

    def audit(self, view, rules):
        for rule in self.page.evaluate(AUDIT, [DJANGOS_OWN, rules])["violations"]:
            where = [node["target"] for node in rule["nodes"]]
            self.wrong[f"{self.name}, {view}, {rule['id']}"] = where

    def set_text(self, size):
        """Have the reader's own size of text, where 16 is usual."""
        self.settings.send("Page.setFontSizes", {"fontSizes": {"standard": size, "fixed": size}})


@pytest.fixture(scope="module")
def shown():
    """The names of the templates that were shown up to now."""
    names = set()

    def note(template, **_):
        names.add(template.name)

    template_rendered.connect(note)
    yield names
    template_rendered.disconnect(note)


@pytest.mark.parametrize("tour", TOURS, ids=lambda tour: tour.__name__)
def test_every_page_is_for_everybody(tour, open_window, issuer, client, axe, shown):
    page = open_window(reduced_motion="reduce", viewport=DESKTOP)
    see = Inspector(page, axe)
    for name in tour(page, issuer, client):
        see.arrive(name)
        assert page.title(), name
        assert page.locator("h1").count() == 1, name
        if page.locator(".account-navigation").count():
            assert page.locator("[aria-current=page]").count() == 1, name

        see.look("wide", "crowded", "moving", "unfocused")
        page.emulate_media(color_scheme="dark")
        see.audit("dark", OF_COLOURS)
        page.emulate_media(color_scheme="light")
        see.audit("light", RULES)
        page.emulate_media(forced_colors="active")
        see.look("forced colours", "unbounded", "unfocused")
        page.emulate_media(forced_colors="none")
        see.set_text(32)
        see.look("text at 200 %", "crowded")
        see.set_text(16)
        page.set_viewport_size(HALF)
        see.look("page at 200 %", "crowded")
        page.set_viewport_size(NARROW)
        see.look("320 px", "crowded")
        see.audit("320 px", OF_SIZE)
        page.evaluate("layout.space()")
        see.look("spaced text", "crowded")
        page.evaluate("layout.unspace()")
        page.set_viewport_size(DESKTOP)
    assert not see.wrong


@pytest.mark.parametrize("tour", OF_PEOPLE, ids=lambda tour: tour.__name__)
def test_every_page_can_be_read_from_right_to_left(tour, open_window, issuer, client, axe):
    page = open_window(locale="ar", reduced_motion="reduce", viewport=DESKTOP)
    see = Inspector(page, axe)
    for name in tour(page, issuer, client):
        see.arrive(name)
        assert page.locator("html").get_attribute("dir") == "rtl", name
        navigation = page.locator(".account-navigation")
        if navigation.count():
            assert navigation.bounding_box()["x"] > DESKTOP["width"] / 2, name

        see.look("wide", "crowded", "reordered")
        see.audit("wide", OF_LANGUAGE)
        page.set_viewport_size(NARROW)
        see.look("320 px", "crowded")
        page.set_viewport_size(DESKTOP)
    assert not see.wrong


def test_no_page_is_left_out(shown, request):
    if not {f"test_every_page_is_for_everybody[{tour.__name__}]" for tour in TOURS} <= {
        item.name for item in request.session.items
    }:
        pytest.skip("not every tour was gone")
    folders = [Path(folder) for folder in engines["django"].template_dirs]
    left_out = {
        page.relative_to(folder).as_posix()
        for folder in folders
        if folder.is_relative_to(ROOT) and ".venv" not in folder.parts
        for page in folder.rglob("*.html")
    } - shown
    assert not left_out, f"no tour leads to {', '.join(sorted(left_out))}"
