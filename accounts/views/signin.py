"""Sign-in and sign-out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ostiary import events, sessions
from ostiary import signin as signins
from ostiary.client_address import client_ip
from ostiary.throttling import Throttled, refund, throttle

from ..forms import SignInForm
from ..models import normalize_email


def too_many(request: HttpRequest, throttled: Throttled) -> HttpResponse:
    """The answer to someone who tries too often."""
    response = render(
        request,
        "ostiary_accounts/throttled.html",
        {"minutes": (throttled.retry_after + 59) // 60},
        status=429,
    )
    response["Retry-After"] = str(throttled.retry_after)
    return response


@sensitive_post_parameters("password")
@never_cache
@csrf_protect
@require_http_methods(["GET", "POST"])
def signin(request: HttpRequest) -> HttpResponse:
    """Identifier and password; then whatever steps policy asks for.

    With ``reauthenticate`` a signed-in person is asked to prove again who they are.
    """
    next_url = signins.safe_next_url(request, request.POST.get("next", request.GET.get("next")))
    again = "reauthenticate" in request.GET and request.user.is_authenticated
    if request.user.is_authenticated and not again and request.method == "GET":
        return HttpResponseRedirect(next_url or resolve_url(settings.LOGIN_REDIRECT_URL))
    form = SignInForm(
        request.POST or None, initial={"identifier": _suggestion(request, again=again)}
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                user = _first_factor(request, form.cleaned_data)
            except Throttled as throttled:
                return too_many(request, throttled)
            if user is not None:
                return signins.begin(
                    request,
                    user,
                    amr=["pwd"],
                    next_url=next_url,
                    acr_values=request.GET.get("acr_values", "").split(),
                    remember=form.cleaned_data["remember"],
                )
            form.add_error(
                None,
                _("The address or the password is not right. Check both, or set a new password."),
            )
    return render(
        request,
        "ostiary_accounts/signin.html",
        {"form": form, "next": next_url, "again": again},
        status=status,
    )


def _suggestion(request: HttpRequest, *, again: bool) -> str:
    hinted = request.GET.get("login_hint", "")[:254]
    if hinted or not again:
        return hinted
    return str(request.user.get_username())


def _first_factor(request: HttpRequest, given: dict[str, Any]) -> Any:
    """The person whose password this is, ``None`` for any reason why not.

    One try is spent before the password is looked at, and given back if it was right; a hash is
    computed whether or not there is such a person. Raises ``Throttled``.
    """
    identifier = normalize_email(given["identifier"])
    tries = {"ip": client_ip(request), "user": identifier}
    throttle("signin", **tries)
    user = authenticate(request, username=identifier, password=given["password"])
    if user is None:
        events.record(
            "signin.failed", request=request, outcome="failure", personal={"email": identifier}
        )
        return None
    refund("signin", **tries)
    return user


@never_cache
@csrf_protect
@require_http_methods(["GET", "POST"])
def signout(request: HttpRequest) -> HttpResponse:
    """Ask, then end this session in the register and in the engine."""
    if request.method == "GET":
        return render(request, "ostiary_accounts/signout.html")
    sessions.sign_out(request)
    response = render(request, "ostiary_accounts/signed_out.html")
    # Pages of the account must not come back with the browser's back button. Cookies are left:
    # the session's is dead already, and a language choice is nobody's secret.
    response["Clear-Site-Data"] = '"cache"'
    return response
