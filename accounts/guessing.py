"""Every look at a password that someone typed is a guess, and is counted as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest

from ostiary import known_device
from ostiary.client_address import client_ip
from ostiary.throttling import refund, throttle

T = TypeVar("T")


def guess(request: HttpRequest, identifier: str, check: Callable[[], T]) -> T:
    """What ``check`` says of a password for the account ``identifier``, known or not.

    One try is spent before the password is looked at, and given back if it was right (SECURITY
    C2): of the person's own budget on a device of theirs, which no stranger spends (H5). Raises
    ``Throttled``.
    """
    tries = {
        "ip": client_ip(request),
        "user": identifier,
        "device": known_device.name_for(request, identifier),
    }
    throttle("signin", **tries)
    found = check()
    if found:
        refund("signin", **tries)
    return found
