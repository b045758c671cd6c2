"""HTTP: parse, call, answer.

Each page with a ceremony is a form that our script fills in: a POST that accepts JSON asks for the
options, and a POST of the form hands over the answer. So what follows is a page or a redirect, as
after a password.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render, resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from ostiary import factors
from ostiary.assurance import Level, current, reauthentication_url, step_up
from ostiary.client_address import client_ip
from ostiary.pages import View, form_page
from ostiary.signin import safe_next_url
from ostiary.throttling import throttle

from ..conf import rp_id
from ..forms import AnswerForm
from ..keeper import has_passkey
from ..verification import CeremonyRefused

MESSAGES = {
    "already_registered": _("This device already has a passkey for this site."),
    "attestation": _(
        "We couldn’t verify the model of your device. Use one from your organization."
    ),
    "device_bound": _(
        "Your account needs a passkey that stays on one device, such as a security key."
    ),
    "expired": _("This request has expired. Try again."),
    "inactive": _("This account is deactivated."),
    "model": _("This model of device isn’t allowed here. Use one from your organization."),
    "too_many": _("You’ve reached the maximum number of passkeys. Remove one first."),
    "unknown_credential": _(
        "We don’t recognize this passkey. It may have been removed. Try another one."
    ),
    "user_verification": _(
        "Your device didn’t verify that it’s you. Set up a PIN, fingerprint or face unlock on it, "
        "then try again."
    ),
}
NOT_SAVED = _("Your passkey wasn’t saved. Try again or use another device.")
DID_NOT_WORK = _("That didn’t work. Try again or use another way.")


def asks_for_options(request: HttpRequest) -> bool:
    """Whether our script asks what to begin with."""
    return request.method == "POST" and request.headers.get("Accept") == "application/json"


def options(request: HttpRequest, begin: Callable[[], dict[str, Any]]) -> HttpResponse:
    """What a browser is to begin with, or why it needs not. Raises ``Throttled``."""
    throttle("passkey", ip=client_ip(request))
    try:
        return JsonResponse(begin())
    except CeremonyRefused as refused:
        return JsonResponse({"error": refused.code, "detail": words(refused)}, status=400)


def words(refused: CeremonyRefused) -> Any:
    """Why it was refused, in words that say what to do."""
    return MESSAGES.get(refused.code, NOT_SAVED if refused.is_of_new else DID_NOT_WORK)


def next_url(request: HttpRequest) -> str:
    """Where the person was going, if it is on this site."""
    return safe_next_url(request, request.GET.get("next"))


def show(request: HttpRequest, page: str, form: Any, **context: Any) -> HttpResponse:
    """The page with its form: 400 if it was sent and was not taken."""
    return render(
        request,
        f"ostiary_passkeys/{page}.html",
        {"form": form, "security_url": security_url(), **context},
        status=400 if form.errors else 200,
    )


def tell(form: AnswerForm, refused: CeremonyRefused) -> str:
    """Say on the form why the answer was not taken; returns what our script is to signal, in JSON.

    That is a credential which we don't know: password managers don't offer it again, or drop what
    they have just made for nothing (WebAuthn Level 3 §5.1.10).
    """
    form.add_error(None, words(refused))
    if not refused.unknown_id:
        return ""
    unknown = {"rpId": rp_id(), "credentialId": refused.unknown_id}
    return json.dumps({"signalUnknownCredential": unknown})


def security_url() -> str:
    """Where the person looks after how they sign in: the page of accounts that has all panels, or
    our own where accounts is not installed."""
    try:
        return reverse("ostiary_accounts:security")
    except NoReverseMatch:
        return reverse("ostiary_passkeys:passkeys")


def password_url() -> str:
    """Where people have a link mailed by which they set a password; ``""`` where accounts is not
    installed."""
    try:
        return reverse("ostiary_accounts:recover")
    except NoReverseMatch:
        return ""


def other_ways_in(request: HttpRequest) -> str:
    """The sign-in page, with where the person was going and what is asked of the sign-in."""
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return resolve_url(settings.LOGIN_URL) + query


def change_of_passkeys(view: View) -> View:
    """View decorator: a form page for the signed-in person, who has shown the best that they have
    within ``OSTIARY["STEP_UP_SECONDS"]`` before anything changes (SECURITY C8, E3)."""

    @form_page
    @login_required
    @functools.wraps(view)
    def answer(request: HttpRequest, **named: Any) -> HttpResponse:
        known = current(request)
        is_weak = known is None or not known.level.satisfies(Level.AAL2)
        if request.method == "POST" and is_weak and factors.has_strong(request.user):
            return HttpResponseRedirect(_confirm_url(request, request.get_full_path()))
        return step_up()(view)(request, **named)

    return answer


def _confirm_url(request: HttpRequest, back_to: str) -> str:
    if has_passkey(request, request.user):
        return confirm_url(back_to)
    return reauthentication_url(back_to, acr=Level.AAL2.value)


def confirm_url(back_to: str) -> str:
    """Where the signed-in person confirms by a passkey who they are, and returns to ``back_to``."""
    query = urlencode({"next": back_to, "reauthenticate": "1", "acr_values": Level.AAL2.value})
    return f"{reverse('ostiary_passkeys:signin')}?{query}"
