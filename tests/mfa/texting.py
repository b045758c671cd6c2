"""Text messages as a person gets them, and a telephone to get them with."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from django.conf import settings as site
from django.test import Client as Browser

from mfa.models import Phone
from mfa.sms import numbers
from mfa.sms.backend import ForgedReport, Text
from ostiary import outbox
from tests.mfa import flow

NUMBER = "+4915123456789"
NEW_NUMBER = "+4915123456780"
CHALLENGE = "/signin/second-step/sms/"
PHONE = "/account/security/phone/"
SETTINGS = {
    **getattr(site, "OSTIARY_MFA", {}),
    "SMS_BACKEND": "tests.mfa.texting.Recorder",
    "SMS_COUNTRIES": ["DE", "US"],
}

sent: list[Text] = []


class Recorder:
    """A gateway that everything arrives by."""

    repeats_are_one = True

    def send(self, text, key):
        sent.append(text)
        return "there"

    def report(self, request):
        raise ForgedReport


def delivered() -> list[Text]:
    """Every text message so far, after the worker has done what waited for it."""
    while outbox.deliver_due():
        pass
    return sent


def code_in(text: Text) -> str:
    """The code of a message."""
    return re.search(r"^@\S+ #(\d{6})$", text.text, re.MULTILINE)[1]


def wrong(code: str) -> str:
    """Six other digits."""
    return "111111" if code != "111111" else "222222"


def make_phone(person, number: str = NUMBER) -> Phone:
    """A telephone that gets the person's codes."""
    return Phone.objects.create(
        user=person,
        name=numbers.masked(number),
        confirmed=True,
        usable_from=datetime(2026, 1, 1, tzinfo=UTC),
        number=number,
        number_hash=numbers.hashes(number)[0],
        country=numbers.country_of(number),
        ending=numbers.ending(number),
    )


def begin(browser: Browser, person, **query: str) -> str:
    """Show the password, and open the page on which the code is entered; returns the code."""
    assert flow.show_password(browser, person.email, **query).url.partition("?")[0] == CHALLENGE
    assert browser.get(CHALLENGE).status_code == 200
    return code_in(delivered()[-1])
