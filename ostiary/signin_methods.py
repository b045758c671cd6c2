"""Ways to sign in beside the password, which apps register and the sign-in page lists.

Each leads to a page of its own, which ends in ``ostiary.signin.begin``::

    register(SignInMethod("passkey", _("Use a passkey"), "ostiary_passkeys:signin", order=10))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True)
class SignInMethod:
    """A way in: what its link says, where it leads, and when it is offered; the least ``order``
    stands first."""

    name: str
    label: Any
    url_name: str
    order: int = 100
    is_offered: Callable[[HttpRequest], bool] = lambda request: True


_methods: dict[str, SignInMethod] = {}


def register(method: SignInMethod) -> None:
    """Have a way in listed. Called once, when an app is ready."""
    _methods[method.name] = method


def links(request: HttpRequest) -> list[tuple[str, str]]:
    """Label and address of each that is offered here. The query, with where the person was going
    and what is asked of the sign-in, goes along."""
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    offered = [method for method in _methods.values() if method.is_offered(request)]
    return [
        (str(method.label), reverse(method.url_name) + query)
        for method in sorted(offered, key=lambda method: (method.order, method.name))
    ]
