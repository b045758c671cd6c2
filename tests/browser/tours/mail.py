"""Who reads their mail."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

from oauth.models import Client
from ostiary import notices, notifications


def messages(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Whoever reads their mail: each kind of message, as HTML."""
    language = page.evaluate("navigator.language")
    for kind in notices.kinds():
        page.set_content(notifications.example(kind, language).html)
        yield f"message-{kind}"
