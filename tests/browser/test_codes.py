"""The field of a code: typed, pasted or filled in, it is sent as soon as it is complete."""

import pytest

from .conftest import PASSWORD, mailed_code, sign_in, submit

pytestmark = pytest.mark.django_db(transaction=True)

CAROL = "carol@example.com"
PASTE = """(field, text) => {
  const data = new DataTransfer();
  data.setData("text", text);
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
  field.focus();
  field.select();
  document.execCommand("insertText", false, text);
}"""


@pytest.fixture
def field(page, issuer):
    """That of the code of a sign-up."""
    return at_the_code(page, issuer)


def at_the_code(page, issuer):
    page.goto(f"{issuer}/signup/")
    page.locator("input[name=email]").fill(CAROL)
    page.locator("input[name=password]").fill(PASSWORD)
    submit(page)
    return page.locator("input[name=code]")


def test_it_has_the_focus_and_a_typed_code_is_sent_with_its_last_digit(page, issuer, field):
    page.locator("input[name=code]:focus").wait_for()
    assert "as soon as the code is complete" in page.locator("main").inner_text()

    page.keyboard.type(mailed_code(CAROL))

    page.wait_for_url(f"{issuer}/account/")


def test_a_code_is_pasted_with_the_spaces_and_dashes_around_it(page, issuer, field):
    code = mailed_code(CAROL)

    field.evaluate(PASTE, f" {code[:2]}-{code[2:]} ")

    page.wait_for_url(f"{issuer}/account/")


def test_a_wrong_code_is_told_at_the_field_alone_and_typed_over(page, issuer, field):
    right = mailed_code(CAROL)
    with page.expect_navigation():
        page.keyboard.type("0000 0000")

    assert page.locator("[role=alert]").count() == 0
    assert page.locator(".field-errors li").count() == 1
    page.locator("input[aria-invalid=true]:focus").wait_for()
    page.keyboard.type(right)
    page.wait_for_url(f"{issuer}/account/")


def test_after_a_wrong_code_the_page_is_reloaded_and_come_back_to(page, issuer, field):
    with page.expect_navigation():
        page.keyboard.type("0000 0000")
    assert page.locator(".field-errors li").count() == 1

    page.reload()
    assert page.locator(".field-errors").count() == 0
    with page.expect_navigation():
        page.keyboard.type("0000 0000")
    page.goto(f"{issuer}/recover/")
    page.go_back()
    page.locator("input[name=code]:focus").wait_for()
    page.keyboard.type(mailed_code(CAROL))
    page.wait_for_url(f"{issuer}/account/")


def test_after_a_wrong_password_the_page_is_reloaded_and_come_back_to(page, issuer, alice):
    page.goto(f"{issuer}/signin/")
    sign_in(page, password="not the password")
    page.goto(f"{issuer}/recover/")
    page.go_back()
    sign_in(page)
    page.wait_for_url(f"{issuer}/account/")


def test_a_code_that_is_being_corrected_waits_for_the_button(page, issuer, field):
    right = mailed_code(CAROL)
    wrong = f"{right[:-1]}{(int(right[-1]) + 1) % 10}"
    page.keyboard.type(wrong[:-2])
    page.keyboard.press("Backspace")
    page.keyboard.type(right[len(wrong) - 3 :])

    assert field.input_value() == right
    page.wait_for_timeout(300)
    assert page.locator("input[name=code]").count() == 1
    submit(page)
    page.wait_for_url(f"{issuer}/account/")


def test_without_scripts_nothing_is_promised(open_window, issuer):
    page = open_window(java_script_enabled=False)
    at_the_code(page, issuer)

    assert "as soon as the code is complete" not in page.locator("main").inner_text()
