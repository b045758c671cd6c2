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
    stands first.

    The sign-in page takes in ``template``, if there is one, with that address as ``url``: a form
    and script by which the way is offered on the page itself. ``is_had_by`` says whether a person
    can come in so.

    ``setup_url_name`` is the page where who has just signed up sets the way up, if it may stand in
    place of a password; ``setup_label`` says so. ``setup_step`` is the dotted path of a sign-in
    step that does it before the person is signed in, where the site has that step.
    """

    name: str
    label: Any
    url_name: str
    order: int = 100
    template: str = ""
    setup_url_name: str = ""
    setup_label: Any = ""
    setup_step: str = ""
    is_offered: Callable[[HttpRequest], bool] = lambda request: True
    is_had_by: Callable[[Any], bool] = lambda user: False


_methods: dict[str, SignInMethod] = {}


def register(method: SignInMethod) -> None:
    """Have a way in listed. Called once, when an app is ready."""
    _methods[method.name] = method


def offered(request: HttpRequest) -> list[dict[str, str]]:
    """Label, ``url`` and ``template`` of each that is offered here. The query, with where the
    person was going and what is asked of the sign-in, goes along."""
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    found = [method for method in _methods.values() if method.is_offered(request)]
    return [
        {
            "label": str(method.label),
            "url": reverse(method.url_name) + query,
            "template": method.template,
        }
        for method in sorted(found, key=lambda method: (method.order, method.name))
    ]


def instead_of_password() -> list[SignInMethod]:
    """Those that may stand in place of a password from the first day."""
    found = (method for method in _methods.values() if method.setup_url_name)
    return sorted(found, key=lambda method: (method.order, method.name))


def has_way_in(user: Any) -> bool:
    """Whether the person has a password or another of the ways that are known here.

    Who comes by a back end of the project's own, such as a directory, has none of them.
    """
    return user.has_usable_password() or any(each.is_had_by(user) for each in _methods.values())
