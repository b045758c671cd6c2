"""Advice on a new password: in place with a script, on a page of its own without."""

import pytest

pytestmark = pytest.mark.django_db(transaction=True)


def test_while_a_password_is_typed_the_page_says_how_strong_it_is(page, issuer):
    page.goto(f"{issuer}/signup/")
    told, bar = page.locator("[data-strength-told]"), page.locator("[data-strength-bar]")
    assert bar.is_hidden()

    page.locator("input[name=password]").fill("iloveyou")
    told.get_by_text("Very easy to guess").wait_for()
    weak = bar.get_attribute("data-score")
    page.locator("input[name=password]").fill("correct horse battery staple")
    told.get_by_text("Very hard to guess").wait_for()

    assert (weak, bar.get_attribute("data-score")) == ("0", "4")
    create = page.get_by_role("button", name="Create account")
    assert bar.bounding_box()["y"] < create.bounding_box()["y"]
    assert page.get_by_role("button", name="Check password strength").count() == 0
    page.locator("input[name=password]").fill("")
    bar.wait_for(state="hidden")

    assert page.url == f"{issuer}/signup/"


def test_without_scripts_another_tab_says_it_and_the_form_stays_as_it_is(open_window, issuer):
    page = open_window(java_script_enabled=False)
    page.goto(f"{issuer}/signup/")
    page.locator("input[name=email]").fill("carol@example.com")
    page.locator("input[name=password]").fill("iloveyou")

    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Check password strength").click()

    assert opened.value.locator("h1").inner_text() == "Very easy to guess"
    assert page.locator("input[name=email]").input_value() == "carol@example.com"
