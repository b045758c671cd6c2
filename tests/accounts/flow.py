"""The steps of a person's way through the pages, as a browser takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.http import HttpResponse
from django.test import Client as Browser

from ostiary import outbox

PASSWORD = "correct horse battery staple"
NEW_PASSWORD = "a different long passphrase"
FORM = "application/x-www-form-urlencoded"


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL statements of a block, without their values; BEGIN, COMMIT and the like left out."""
    found: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.split()[0] not in ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"):
            found.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def delivered() -> list[EmailMessage]:
    """Every email so far, after the worker has done what waited for it."""
    while outbox.deliver_due():
        pass
    return mail.outbox


def link_in(message: EmailMessage) -> str:
    """The path and query of the first link of an email."""
    found = re.search(r"http://localhost:8000(/\S+)", str(message.body))
    assert found, message.body
    return found[1]


def code_in(message: EmailMessage) -> str:
    """The code of an email, as it stands there."""
    found = re.search(r"^\d{4} \d{4}$", str(message.body), re.MULTILINE)
    assert found, message.body
    return found[0]


def ask_for_account(browser: Browser, email: str, **fields: Any) -> HttpResponse:
    """Fill in the sign-up form and send it."""
    return browser.post(
        "/signup/", {"email": email, "name": "", "password": PASSWORD, "next": "", **fields}
    )


def sign_up(browser: Browser, email: str, **fields: Any) -> HttpResponse:
    """Ask for an account, open the mailed link in the same browser, and press its button."""
    ask_for_account(browser, email, **fields)
    browser.get(link_in(delivered()[-1]))
    return browser.post("/signup/verify/")


def sign_in(browser: Browser, email: str, password: str = PASSWORD, **query: str) -> HttpResponse:
    """Send the sign-in form."""
    path = f"/signin/?{urlencode(query)}" if query else "/signin/"
    return browser.post(path, {"identifier": email, "password": password})


def is_signed_in(browser: Browser) -> bool:
    """Whether the account page opens."""
    return browser.get("/account/").status_code == 200


def recovery_link(email: str, **fields: Any) -> str:
    """Ask for a recovery link, in a browser of its own, and read it in the mail."""
    Browser().post("/recover/", {"email": email, **fields})
    return link_in(delivered()[-1])


def recover(browser: Browser, link: str, password: str = NEW_PASSWORD) -> HttpResponse:
    """Open a recovery link and set a new password."""
    browser.get(link)
    return browser.post("/recover/set/", {"password": password})


def without_token(text: str) -> str:
    """A page without the values of its CSRF tokens, which differ from one answer to the next."""
    return re.sub(r'(csrfmiddlewaretoken" value=)"\w+"', r"\1", text)
