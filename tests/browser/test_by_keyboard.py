"""Nobody needs a mouse (WCAG 2.1.1), and everybody sees where they are (2.4.7)."""

import pytest

from .conftest import PASSWORD, mailed_code, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

# From the last stop on, Tab leads through the browser's own buttons to where the page begins.
RING = """document.activeElement.matches("body, main") ||
  getComputedStyle(document.activeElement).outlineStyle !== "none"
"""
NAME = """{
  const here = document.activeElement;
  here.labels?.length ? here.labels[0].textContent : here.textContent.trim().replace(/\\s+/g, " ");
}"""


def tab_to(page, name):
    """Press Tab until what has this name is reached; the focus is visible at every step. A page may
    open with the focus on it."""
    page.wait_for_load_state()
    if page.evaluate(NAME) == name:
        return
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(RING), page.evaluate("document.activeElement.cloneNode().outerHTML")
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


MARK_STOPS = """() => {
  const stops = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const shown = [...document.querySelectorAll(stops)].filter((one) => one.checkVisibility());
  shown.forEach((one, number) => { one.dataset.stop = number; });
  document.body.tabIndex = -1; // Tab goes on from where the focus was last
  document.body.focus();
  document.body.removeAttribute("tabindex");
  return shown.length;
}"""
HERE = """() => {
  const { top, bottom } = document.activeElement.getBoundingClientRect();
  return {
    stop: document.activeElement.dataset.stop ?? null,
    top: top + scrollY,
    bottom: bottom + scrollY,
    seen: bottom > 0 && top < innerHeight,
  };
}"""


def next_stop(page):
    """Press Tab until the focus is on something else: a date has three parts of its own."""
    before = page.evaluate(HERE)["stop"]
    for _ in range(4):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here["stop"] != before:
            break
    return here


def walk_through(page):
    """Tab through the whole page: to everything once, downwards, always in sight, and out again."""
    page.reload()
    count = page.evaluate(MARK_STOPS)
    above = 0
    for number in range(count):
        here = next_stop(page)
        assert here["stop"] == str(number)
        assert here["seen"], number
        assert here["bottom"] > above, number
        above = here["top"]
    assert next_stop(page)["stop"] in (None, "0")


def is_told_what_is_wrong(page):
    """The focus is on the summary of what is wrong, or on the only field in which it is."""
    page.locator("[role=alert]:focus, [aria-invalid=true]:focus").wait_for()


def test_an_account_can_be_made_used_and_left_by_keyboard(open_window, issuer):
    page, elsewhere = open_window(viewport={"width": 320, "height": 640}), open_window()
    carol, other = "carol@example.com", "another correct horse battery"
    page.goto(f"{issuer}/signup/")
    walk_through(page)
    page.goto(f"{issuer}/signup/")
    tab_to(page, "Email address")
    page.keyboard.type(carol)
    tab_to(page, "Password")
    page.keyboard.type("short")
    page.keyboard.press("Enter")
    is_told_what_is_wrong(page)
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Check your email").wait_for()
    tab_to(page, "Code from the email")
    page.keyboard.type("0000 0000")
    is_told_what_is_wrong(page)
    tab_to(page, "Code from the email")
    page.keyboard.type(mailed_code(carol))
    page.wait_for_url(f"{issuer}/account/")

    tab_to(page, "Profile")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{issuer}/account/profile/")
    walk_through(page)
    tab_to(page, "Skip to the content")
    page.keyboard.press("Enter")
    tab_to(page, "Edit")
    page.keyboard.press("Enter")
    tab_to(page, "Display name")
    page.keyboard.type("Carol")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()

    tab_to(page, "Security")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{issuer}/account/security/")
    walk_through(page)
    tab_to(page, "Password On Change")
    page.keyboard.press("Enter")
    tab_to(page, "Current password")
    page.keyboard.type("not the password")
    tab_to(page, "New password")
    page.keyboard.type(other)
    page.keyboard.press("Enter")
    is_told_what_is_wrong(page)
    tab_to(page, "Current password")
    page.keyboard.type(PASSWORD)
    tab_to(page, "New password")
    page.keyboard.type(other)
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="password").wait_for()

    elsewhere.goto(f"{issuer}/signin/")
    sign_in(elsewhere, carol, other)
    tab_to(page, "Sessions")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{issuer}/account/sessions/")
    walk_through(page)
    tab_to(page, "Sign out everywhere else")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()

    tab_to(page, "Sign out")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{issuer}/signout/")
    tab_to(page, "Sign out")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="You’re signed out").wait_for()
    elsewhere.goto(f"{issuer}/account/")
    assert "/signin/" in elsewhere.url


def test_the_first_tab_offers_to_skip_to_the_content(page, issuer, alice):
    page.goto(f"{issuer}/signin/")
    sign_in(page, alice.email)
    page.wait_for_url(f"{issuer}/account/")
    page.keyboard.press("Tab")
    assert page.evaluate(NAME) == "Skip to the content"


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("/signin/", "Email address"),
        ("/signin/?login_hint=alice@example.com", "Password"),
        ("/signup/", "Name"),
        ("/recover/", "Email address"),
    ],
)
def test_a_page_opens_with_its_first_empty_field_in_focus(page, issuer, path, first):
    page.goto(issuer + path)
    page.locator("input:focus").wait_for()
    assert page.evaluate(NAME) == first


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
