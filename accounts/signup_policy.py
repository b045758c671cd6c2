"""Who may sign up: as an operator has decided in the admin, or else as the settings say.

Each process keeps what it has read, and asks the database at most every ``RECHECK_SECONDS``: the
page of a form costs no statement for it, and a change holds everywhere within that time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.core.signals import setting_changed
from django.db.models.signals import post_delete, post_save

from .addresses import normal_domains
from .conf import accounts_settings
from .models import SignUpPolicy

RECHECK_SECONDS = 5
Mode = SignUpPolicy.Mode


@dataclass(frozen=True)
class Rules:
    """Who may sign up, at one moment."""

    mode: str
    domains: frozenset[str] = frozenset()
    contact: str = ""

    @property
    def lets_anybody(self) -> bool:
        """Whether there is anybody who may sign up without being invited."""
        return self.mode in (Mode.OPEN, Mode.DOMAINS)

    def admits(self, email: str) -> bool:
        """Whether the owner of this address, in its normal form, may sign up uninvited."""
        if self.mode == Mode.DOMAINS:
            return email.rpartition("@")[2] in self.domains
        return self.mode == Mode.OPEN


_known: tuple[float, Rules] | None = None


def current() -> Rules:
    """The rules that hold now."""
    global _known
    if _known is None or time.monotonic() - _known[0] >= RECHECK_SECONDS:
        _known = (time.monotonic(), _read())
    return _known[1]


def _read() -> Rules:
    decided = SignUpPolicy.objects.first()
    if decided is not None:
        return Rules(decided.mode, normal_domains(decided.domains.split()), decided.contact)
    return Rules(
        accounts_settings.SIGNUP,
        normal_domains(accounts_settings.SIGNUP_DOMAINS),
        accounts_settings.SIGNUP_CONTACT,
    )


def forget(**_: Any) -> None:
    """Read anew at the next use."""
    global _known
    _known = None


def _setting_changed(*, setting: str, **_: Any) -> None:
    if setting == "OSTIARY_ACCOUNTS":
        forget()


def connect() -> None:
    """Called once, when the app is ready."""
    uid = "ostiary.accounts.signup_policy"
    post_save.connect(forget, sender=SignUpPolicy, dispatch_uid=uid)
    post_delete.connect(forget, sender=SignUpPolicy, dispatch_uid=uid)
    setting_changed.connect(_setting_changed, dispatch_uid=uid)
