"""Who reads their mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from playwright.sync_api import Page

from oauth.models import Client
from ostiary import message_samples

OF_EACH_FORM = (
    "notice.new_device",
    "notice.recovery_started",
    "ostiary/mail/erased",
    "ostiary_accounts/mail/invitation",
    "ostiary_accounts/mail/signin_code",
    "ostiary_mfa/mail/email_code",
)
"""All are made by one template: of text, buttons, bare links and codes."""


def messages(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Whoever reads their mail: one of each form, as HTML."""
    yield from _read(page, OF_EACH_FORM)


def every_message(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Each of them, for pictures."""
    yield from _read(page, message_samples.names())


def _read(page: Page, names: Iterable[str]) -> Iterator[str]:
    language = page.evaluate("navigator.language").partition("-")[0]
    for name in names:
        if html := message_samples.preview(name, language).html:
            page.set_content(html)
            yield f"message-{name.replace('/', '-')}"
