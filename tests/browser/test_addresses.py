"""What somebody types as their address in a real browser is what is confirmed and mailed to."""

import pytest
from django.contrib.auth import get_user_model

from ostiary import outbox

from .conftest import PASSWORD, enter_code, mailed_code, sign_in, submit

pytestmark = pytest.mark.django_db(transaction=True)

TYPED = {
    "anna@straße.example": "anna@xn--strae-oqa.example",
    "nikos@νίκος.example": "nikos@xn--kxawhkp.example",
    "parisa@نامه\u200cای.example": "parisa@xn--mgba3gch31f060k.example",
    "anna@müller.example": "anna@xn--mller-kva.example",
}


@pytest.mark.parametrize(("typed", "kept"), TYPED.items())
def test_an_address_at_a_domain_of_ones_own_letters(page, issuer, typed, kept):
    page.goto(f"{issuer}/signup/")
    page.locator("input[name=email]").press_sequentially(typed)
    page.locator("input[name=password]").fill(PASSWORD)
    submit(page)
    assert typed in page.locator("main").inner_text()
    enter_code(page, mailed_code(kept))
    page.wait_for_url(f"{issuer}/account/**")

    assert get_user_model().objects.get().email == kept
    assert typed in page.locator("body").inner_text()
    page.context.clear_cookies()
    page.goto(f"{issuer}/signin/")
    sign_in(page, typed)
    page.goto(f"{issuer}/account/security/")
    assert page.locator("input[autocomplete=username]").input_value() == typed


@pytest.mark.parametrize("path", ["signup/", "signin/", "recover/", "recover/second-step/"])
def test_no_field_is_one_that_a_browser_changes(page, issuer, path):
    page.goto(f"{issuer}/{path}")

    field = page.locator("[inputmode=email]")
    assert field.count() == 1
    assert field.get_attribute("type") == "text"
    assert field.get_attribute("autocapitalize") == "none"


def test_the_new_address_of_an_account_too(page, issuer, alice):
    page.goto(f"{issuer}/signin/")
    sign_in(page)
    page.goto(f"{issuer}/account/email/")
    page.locator("main [inputmode=email]").press_sequentially("anna@faß.de")
    submit(page)
    while outbox.deliver_due():
        pass
    assert "anna@faß.de" in page.locator("main").inner_text()
