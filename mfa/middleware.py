"""Who is verified, in the words of django-otp, and being asked to be.

``SecondStepMiddleware`` is for projects that keep ``django.contrib.auth.views.LoginView``, or
another way in of their own. Such a view signs people in by their password alone. With this
middleware every page of someone who has a second factor leads to its challenge, until they have
shown it or signed out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from asgiref.sync import iscoroutinefunction
from django.contrib.auth.views import LogoutView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve
from django_otp.middleware import OTPMiddleware

from ostiary import second_step

from . import otp_session
from .challenge import is_unverified


class VerifiedSessionMiddleware(OTPMiddleware):  # type: ignore[misc]  # it has no types
    """``django_otp.middleware.OTPMiddleware``, to which who has shown a passkey is verified too."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(_knowing_keys(get_response))


def _knowing_keys(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> Any:
            otp_session.know_key(request)
            return await get_response(request)

        return answer_async

    def answer(request: HttpRequest) -> Any:
        otp_session.know_key(request)
        return get_response(request)

    return answer


class SecondStepMiddleware:
    """Stands after ``VerifiedSessionMiddleware``, or that of django-otp."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_unverified(request) and not _is_open(request):
            return HttpResponseRedirect(_challenge_url(request))
        return self.get_response(request)


def _is_open(request: HttpRequest) -> bool:
    ways = second_step.other_ways(request, request.user, but="")
    if request.path in (address for address, _ in ways):
        return True
    try:
        view: Any = resolve(request.path_info, getattr(request, "urlconf", None)).func
    except Resolver404:
        return False
    ends_session = issubclass(getattr(view, "view_class", object), LogoutView)
    return ends_session or second_step.is_exempt(view)


def _challenge_url(request: HttpRequest) -> str:
    """Raises ``PermissionDenied`` where the person can use no way."""
    ways = second_step.other_ways(request, request.user, but="")
    if not ways:
        raise PermissionDenied
    address: str = ways[0][0]
    if request.method not in ("GET", "HEAD"):
        return address
    return f"{address}?{urlencode({'next': request.get_full_path()})}"
