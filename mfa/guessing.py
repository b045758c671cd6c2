"""Every look at a code or password that someone typed is a guess, and is counted as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest

from ostiary import known_device
from ostiary.client_address import client_ip
from ostiary.throttling import refund, throttle

T = TypeVar("T")


def guess(user: Any, check: Callable[[], T], request: HttpRequest | None = None) -> T:
    """What ``check`` says of a code of the person's second factors, all counted together.

    One try is spent before the code is looked at, and given back if it was right (SECURITY D1): of
    the person's own budget on a device of theirs, which no stranger spends (H5). Raises
    ``Throttled``. Call it outside ``transaction.atomic``.
    """
    device = known_device.name_for(request, user.get_username()) if request is not None else ""
    return _count("second_factor", {"user": str(user.pk), "device": device}, check)


def guess_password(request: HttpRequest, user: Any, password: str) -> bool:
    """Whether it is the signed-in person's password; counted as at sign-in. Raises
    ``Throttled``."""
    name = user.get_username()
    tries = {
        "ip": client_ip(request),
        "user": name,
        "device": known_device.name_for(request, name),
    }
    return _count("signin", tries, lambda: bool(user.check_password(password)))


def _count(name: str, tries: dict[str, str], check: Callable[[], T]) -> T:
    throttle(name, **tries)
    found = check()
    if found:
        refund(name, **tries)
    return found
