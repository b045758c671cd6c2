"""A code by text message in a real browser: set up, asked for by an application, mistyped."""

import pytest

from idp_site import mailbox
from mfa.models import SentCode

from .conftest import enter_code, fits, sent_code, sign_in, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mfa")]

CHALLENGE = "/signin/second-step/sms/"


def set_up(page, issuer):
    page.goto(f"{issuer}/account/security/")
    sign_in(page)
    page.get_by_role("link", name="Text message").click()
    page.locator("input[name=number]").fill("+49 1512 3456789")
    submit(page)
    enter_code(page, sent_code())
    page.get_by_text("Text message codes turned on").wait_for()
    page.context.clear_cookies()


def test_a_telephone_is_set_up_and_an_application_is_told_truthfully_how_someone_signed_in(
    page, issuer, alice, relying_party
):
    set_up(page, issuer)

    page.goto(f"{relying_party}/login")
    sign_in(page)
    assert page.url.partition("?")[0] == f"{issuer}{CHALLENGE}"
    assert "+49 ••• ••89" in page.inner_text("main")
    code = sent_code()
    enter_code(page, "111111" if code != "111111" else "222222")
    assert "Wrong code" in page.locator(".field-errors").inner_text()
    enter_code(page, code)
    page.get_by_role("button", name="Allow", exact=True).click()

    page.wait_for_url(f"{relying_party}/")
    shown = page.inner_text("body")
    assert "urn:ostiary:aal2" in shown
    for value in ("pwd", "sms", "mfa"):
        assert value in shown
    [text] = [message for message in mailbox.messages() if message["channel"] == "sms"][-1:]
    assert text["to"] == "+4915123456789"
    assert text["text"].endswith(f"\n\n@localhost #{code}")


def test_another_message_waits_and_the_page_counts_the_seconds(open_window, issuer, alice):
    page = open_window(viewport={"width": 320, "height": 640}, color_scheme="dark")
    set_up(page, issuer)
    page.goto(f"{issuer}/signin/")
    sign_in(page)
    again = page.get_by_role("button", name="Send another message")
    page.locator("[data-wait]", has_text="seconds").wait_for()
    assert again.is_disabled()
    assert fits(page)

    page.clock.install()
    page.reload()
    page.clock.fast_forward(31_000)
    page.locator("[data-wait]").wait_for(state="hidden")
    assert again.is_enabled()


def test_it_works_without_scripts(open_window, issuer, alice):
    page = open_window(java_script_enabled=False)
    set_up(page, issuer)
    page.goto(f"{issuer}/signin/")
    sign_in(page)
    assert "You can send another in" in page.inner_text("main")
    page.get_by_role("button", name="Send another message").click()
    assert "before you send another message" in page.locator(".alert-error").inner_text()
    enter_code(page, sent_code())
    assert page.url == f"{issuer}/account/"
    assert not SentCode.objects.exists()
