"""Devices in which a person has proved before who they are.

Whoever guesses at a person's password spends that person's budget of tries, and must not be able
to shut them out with it (SECURITY H5). So a browser in which a sign-in was completed, or a
password set by a mailed link, gets a signed cookie, and tries from there have a budget of their
own, which no stranger can spend ("Slow Down Online Guessing Attacks with Device Cookies", OWASP).
The cookie proves nothing else: it lets nobody in.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from . import cookies
from .email_addresses import rate_limit_key

SALT = "ostiary.known_device"
LIFETIME_SECONDS = 180 * 24 * 3600
MOST_PEOPLE = 5


def cookie_name() -> str:
    """The name of the cookie."""
    return cookies.name_of("device")


def _people(request: HttpRequest) -> dict[str, str]:
    """Who is known here: a name for the device by a mark of each person, last used last."""
    try:
        told = signing.loads(
            request.COOKIES.get(cookie_name(), ""), salt=SALT, max_age=LIFETIME_SECONDS
        )
    except signing.BadSignature:
        return {}
    return dict(told)


def _mark(identifier: str) -> str:
    """Stands for the person, whom the cookie doesn't name."""
    return salted_hmac(SALT, rate_limit_key(identifier), algorithm="sha256").hexdigest()[:32]


def name_for(request: HttpRequest, identifier: str) -> str:
    """This device's name among those of the person who signs in as ``identifier``.

    It is what ``throttle`` takes as ``device``; ``""`` where the person isn't known.
    """
    return _people(request).get(_mark(identifier), "")


def remember(request: HttpRequest, response: HttpResponse, user: Any) -> None:
    """Note on ``response`` that ``user`` has just proved who they are in this browser."""
    people = _people(request)
    mark = _mark(str(user.get_username()))
    people[mark] = people.pop(mark, "") or secrets.token_urlsafe(16)
    kept = dict(list(people.items())[-MOST_PEOPLE:])
    cookies.give(response, "device", signing.dumps(kept, salt=SALT), LIFETIME_SECONDS)
