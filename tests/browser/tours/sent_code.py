"""Second factors whose codes are sent: by text message, and by email."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.test import override_settings
from playwright.sync_api import Page

from mfa.models import TextMessage
from oauth.models import Client

from ..conftest import enter_code, new_person, sent_code, sign_in, submit


def by_text_message(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who sets up a telephone, changes its number, and signs in by it."""
    new_person("lea@example.com")
    page.goto(f"{issuer}/account/security/phone/")
    sign_in(page, "lea@example.com")
    yield "phone"
    page.locator("input[name=number]").fill("030 123456")
    submit(page)
    yield "phone-refused"
    page.locator("input[name=number]").fill("+49 1512 3456789")
    submit(page)
    yield "phone-confirm"
    enter_code(page, sent_code())
    page.goto(f"{issuer}/account/security/phone/")
    page.locator("input[name=number]").fill("+49 1512 3456780")
    page.locator("form", has=page.locator("input[name=number]")).locator("button").click()
    enter_code(page, sent_code())
    yield "phone-waits"
    page.goto(f"{issuer}/account/security/phone/remove/")
    yield "phone-remove"
    page.context.clear_cookies()
    page.goto(f"{issuer}/signin/")
    sign_in(page, "lea@example.com")
    yield "sms-challenge"
    enter_code(page, "0")
    yield "sms-challenge-refused"
    TextMessage.objects.update(state=TextMessage.State.FAILED)
    page.goto(f"{issuer}/signin/second-step/sms/")
    yield "sms-challenge-undelivered"


def by_email_code(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who sets up codes by email, and signs in by one."""
    new_person("max@example.com")
    with override_settings(OSTIARY_MFA={**settings.OSTIARY_MFA, "EMAIL_CODES": True}):
        page.goto(f"{issuer}/account/security/email-code/")
        sign_in(page, "max@example.com")
        yield "email-code"
        submit(page)
        yield "email-code-confirm"
        enter_code(page, sent_code())
        page.goto(f"{issuer}/account/security/email-code/")
        yield "email-code-set-up"
        page.goto(f"{issuer}/account/security/email-code/remove/")
        yield "email-code-remove"
        page.context.clear_cookies()
        page.goto(f"{issuer}/signin/")
        sign_in(page, "max@example.com")
        yield "email-challenge"
