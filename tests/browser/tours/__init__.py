"""Every page that somebody can see. A tour leads a window to each, and says its name there.

It is a generator in a module of its part of the site, and stands in ``TOURS``. It finds its way by
names and values, not by words: it is gone in several languages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from playwright.sync_api import Page

from oauth.models import Client

from . import account, gate, mail, operator, second_step, sent_code

Tour = Callable[[Page, str, Client], Iterator[str]]

TOURS: list[Tour] = [
    gate.visitor,
    gate.terms,
    gate.by_email,
    gate.stolen,
    gate.locked_out,
    gate.helped,
    account.person,
    account.copied,
    account.erased,
    account.unreachable,
    account.passkeys,
    second_step.by_app,
    operator.first_day,
    sent_code.by_text_message,
    sent_code.by_email_code,
    account.connected,
    account.developer,
    operator.operator,
    operator.postmaster,
    operator.secrets,
    operator.helper,
    mail.messages,
]
