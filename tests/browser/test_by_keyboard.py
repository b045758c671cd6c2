"""Nobody needs a mouse (WCAG 2.1.1), and everybody sees where they are (2.4.7)."""

import pytest

from .conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

RING = "getComputedStyle(document.activeElement).outlineStyle"
NAME = """{
  const here = document.activeElement;
  here.labels?.length ? here.labels[0].textContent : here.textContent.trim();
}"""


def tab_to(page, name):
    """Press Tab until what has this name is reached; the focus is visible at every step."""
    for _ in range(20):
        page.keyboard.press("Tab")
        assert page.evaluate(RING) != "none", page.evaluate("document.activeElement.outerHTML")
        if page.evaluate(NAME) == name:
            return
    raise AssertionError(f"{name} can't be reached")


def test_the_whole_way_can_be_gone_by_keyboard(page, issuer, relying_party, alice):
    page.goto(relying_party)
    tab_to(page, "Sign in with Ostiary")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{issuer}/signin/**")
    tab_to(page, "Email address")
    page.keyboard.type(alice.email)
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{issuer}/oauth/authorize**")
    tab_to(page, "Allow")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{relying_party}/")
    tab_to(page, "Sign out")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Sign in").wait_for()


def test_the_first_tab_offers_to_skip_to_the_content(page, issuer):
    page.goto(f"{issuer}/signin/")
    page.keyboard.press("Tab")
    assert page.evaluate(NAME) == "Skip to the content"
    page.keyboard.press("Enter")
    tab_to(page, "Email address")


def test_the_focus_is_on_what_went_wrong(page, issuer):
    page.goto(f"{issuer}/signin/")
    page.locator("input[name=identifier]").fill("nobody@example.com")
    page.locator("input[name=password]").fill("not the password")
    page.keyboard.press("Enter")

    page.get_by_role("alert").wait_for()
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"


def test_a_field_in_error_is_tied_to_its_explanation(page, issuer):
    page.goto(f"{issuer}/signup/")
    page.locator("input[name=email]").fill("carol@example.com")
    page.locator("input[name=password]").fill("short")
    page.keyboard.press("Enter")

    password = page.locator("input[name=password][aria-invalid=true]")
    password.wait_for()
    explanations = password.get_attribute("aria-describedby").split()
    assert "too short" in " ".join(page.locator(f"#{one}").inner_text() for one in explanations)


def test_a_password_can_be_shown_and_is_hidden_again_before_it_is_sent(page, issuer):
    page.goto(f"{issuer}/signin/")
    page.locator("input[name=identifier]").fill("nobody@example.com")
    password = page.locator("input[name=password]")
    password.fill("what I typed")
    page.get_by_role("button", name="Show").press("Enter")
    assert password.get_attribute("type") == "text"

    page.evaluate("document.forms[0].addEventListener('submit', event => event.preventDefault())")
    password.press("Enter")
    assert password.get_attribute("type") == "password"
