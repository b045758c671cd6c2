"""Telling people what happened with their account.

``notify(user, "new_device", request=request)`` mails every verified address of the person, in their
language, through the outbox: in the caller's transaction, and never waiting for a mail server.
Nobody can turn these messages off (SECURITY C9), so there is no setting to look for here.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.formats import date_format

from . import bidi, branding, flow_language, mail, places
from .client_address import client_ip
from .device import describe
from .email_addresses import for_people
from .message_source import one_line
from .notices import notice

TEMPLATE = "ostiary/mail/notice"
EXAMPLE_LINK = "https://id.example.com/not-me/?token=…"

NotMeLink = Callable[[Any, str], str]
"""Makes a link of single use by which the person says that it was not them: ``(user, kind)``."""

_not_me_link: NotMeLink | None = None


def use_not_me_link(make: NotMeLink) -> None:
    """Have ``make`` asked for the link "This wasn’t me" of each message."""
    global _not_me_link
    _not_me_link = make


def addresses_of(user: Any) -> list[str]:
    """The addresses that are known to be the person's, on any user model.

    On a model that doesn't tell whether an address is verified, it counts as that.
    """
    address = getattr(user, user.get_email_field_name(), "")
    return [address] if address and getattr(user, "email_verified_at", True) else []


def language_of(user: Any) -> str:
    """The language in which the person reads: what they chose, else that of the request."""
    chosen = flow_language.supported([getattr(user, "locale", "") or ""])
    return chosen or translation.get_language() or ""


def notify(
    user: Any,
    kind: str,
    context: Mapping[str, Any] | None = None,
    *,
    request: HttpRequest | None = None,
    also: Iterable[str] = (),
) -> None:
    """Write a message about the account to the outbox, for each verified address of the person.

    ``context`` gives the values that the notice of this kind speaks of, and may give ``reasons``, a
    list of sentences. Time, device and address of ``request`` are told. ``also`` names further
    addresses, such as one that was the person's until now. Raises ``ValueError`` for a kind that
    nobody declared, and ``KeyError`` for a value that is missing.
    """
    addresses = dict.fromkeys([*addresses_of(user), *also])
    if not addresses:
        return
    link = _not_me_link(user, kind) if _not_me_link else ""
    with translation.override(language_of(user)):
        told = {
            **_texts(kind, context or {}),
            **(_circumstances(user, request) if request is not None else {}),
            "not_me_link": link,
        }
        for address in addresses:
            mail.send_email(address, TEMPLATE, told, needed=bool(told["link"]))


def example(kind: str, language: str = "") -> mail.Rendered:
    """The message of this kind as it may look, for whoever wants to see it."""
    with translation.override(language or translation.get_language()):
        told = {
            **_texts(kind, notice(kind).example),
            "when": date_format(timezone.now(), "DATETIME_FORMAT"),
            "device": describe("Firefox/130.0 Linux"),
            "where": "198.51.100.7",
            "not_me_link": EXAMPLE_LINK,
        }
        return mail.render(TEMPLATE, told)


def _texts(kind: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """The notice's texts with their values in them, each value in one line."""
    found = notice(kind)
    values = {
        name: bidi.isolated(one_line(_readable(str(value))))
        for name, value in context.items()
        if name not in ("reasons", "link")
    }
    values["site_name"] = bidi.isolated(branding.site_name())
    return {
        "subject": str(found.subject) % values,
        "text": str(found.text) % values,
        "reasons": [one_line(str(reason)) for reason in context.get("reasons", ())],
        "action": str(found.action),
        "link": one_line(str(context["link"])) if found.action else "",
    }


def _readable(value: str) -> str:
    """A value, of which an address shows its domain in the letters of its people."""
    return for_people(value) if "@xn--" in value or ".xn--" in value else value


def _circumstances(user: Any, request: HttpRequest) -> dict[str, str]:
    return {
        "when": _local_time(user),
        "device": describe(request.META.get("HTTP_USER_AGENT", "")),
        "where": places.in_words(client_ip(request)),
    }


def _local_time(user: Any) -> str:
    """Now, by the person's own clock if we know it, with the name of the time zone."""
    try:
        zone: Any = zoneinfo.ZoneInfo(getattr(user, "zoneinfo", "") or "")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        zone = timezone.get_current_timezone()
    now = timezone.localtime(timezone=zone)
    return f"{date_format(now, 'DATETIME_FORMAT')} ({now.tzname()})"
