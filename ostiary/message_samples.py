"""Every message that the site may send, as it may look: for operators, and for pictures.

Each app declares its own beside what it sends: for mail a template with a context, for text
messages a function. The notices of ``notices`` bring their examples themselves. A test sees to it
that no template and no kind of notice is without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils import translation

from . import mail, notices, notifications

LINK = "https://id.example.com/open/?token=…"
"""Where the links of samples lead: to nobody."""


@dataclass(frozen=True)
class Preview:
    """A message in one language. A text message has neither ``subject`` nor ``html``."""

    name: str
    channel: Literal["email", "sms"]
    text: str
    subject: str = ""
    html: str = ""


_mails: dict[str, Mapping[str, Any]] = {
    "ostiary/mail/erased": {"receipt": "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJodHRwczovL2lkIn0.c2lnbmVk"},
    "ostiary/mail/region_missing": {"region": "eu", "number": "019373f2-7f4a-7c3e-9a51"},
}
_texts: dict[str, Callable[[], str]] = {}


def register_mails(samples: Mapping[str, Mapping[str, Any]]) -> None:
    """Declare what the templates of mail hold, by their names as ``send_email`` takes them."""
    _mails.update(samples)


def register_texts(samples: Mapping[str, Callable[[], str]]) -> None:
    """Declare text messages, each as a function that makes one in the active language."""
    _texts.update(samples)


def names() -> list[str]:
    """Every message there is: ``notice.new_device``, a template of mail, or ``sms.code``."""
    return [
        *(f"notice.{kind}" for kind in notices.kinds()),
        *_mails,
        *(f"sms.{name}" for name in _texts),
    ]


def preview(name: str, language: str) -> Preview:
    """The message as it may look. Raises ``KeyError`` for one that there isn't."""
    if name not in names():
        raise KeyError(name)
    with translation.override(language):
        if name.startswith("sms."):
            return Preview(name, "sms", _texts[name.removeprefix("sms.")]())
        if name.startswith("notice."):
            shown = notifications.example(name.removeprefix("notice."), language)
        else:
            shown = mail.render(name, dict(_mails[name]), language=language)
        return Preview(name, "email", shown.text, shown.subject, shown.html)
