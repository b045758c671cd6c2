"""Forgot password."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from ostiary import known_device, sessions
from ostiary.client_address import client_ip
from ostiary.pages import form_page, posted
from ostiary.throttling import throttle

from .. import challenge, factor_recovery, recovery, stuffing
from ..addresses import email_of
from ..forms import RecoverForm, SetPasswordForm
from ..links import take_token
from ..models import RecoveryToken
from . import link_dead, next_url, show

TOKEN_KEY = "ostiary.recovery_token"  # noqa: S105  (the name of a session entry)


@form_page
def recover(request: HttpRequest) -> HttpResponse:
    """Ask for a link. The answer is the same for every address (C1)."""
    wanted = next_url(request)
    form = RecoverForm(posted(request))
    asked = challenge.unmet(request, form, "recover", "email")
    if asked or not form.is_valid():
        return show(
            request,
            "recover",
            form,
            next=wanted,
            challenge=asked,
            second_factors=factor_recovery.is_offered(),
        )
    email = form.cleaned_data["email"]
    throttle(
        "recovery",
        ip=client_ip(request),
        user=email,
        device=known_device.name_for(request, email),
    )
    stuffing.note(request, "recover", email)
    recovery.request_link(request, email=email, next_url=wanted)
    return redirect("ostiary_accounts:recover_sent")


@never_cache
@require_safe
def recover_sent(request: HttpRequest) -> HttpResponse:
    """What to do now: the same words for everyone."""
    return render(request, "ostiary_accounts/recover_sent.html")


@sensitive_post_parameters("password")
@form_page
def recover_set(request: HttpRequest) -> HttpResponse:
    """Set a new password by the mailed link.

    It is not a sign-in: the person signs in with the new password, and shows their second factor
    if they have one (SECURITY C4).
    """
    if take_token(request, TOKEN_KEY):
        return redirect("ostiary_accounts:recover_set")
    found = recovery.pending(request.session.get(TOKEN_KEY, ""))
    if found is None:
        return link_dead(request, "recover")
    form = SetPasswordForm(posted(request), user=found.user)
    if not form.is_valid():
        return show(request, "recover_set", form, email=email_of(found.user))
    del request.session[TOKEN_KEY]
    if not recovery.set_password(request, found, form.cleaned_data["password"]):
        return link_dead(request, "recover")
    # Whoever was signed in here: next comes the person whose link it was.
    sessions.sign_out(request)
    messages.success(request, _("Your new password is set. Sign in with it now."))
    response = HttpResponseRedirect(_sign_in_url(found))
    known_device.remember(request, response, found.user)
    return response


def _sign_in_url(recovered: RecoveryToken) -> str:
    query = QueryDict(mutable=True)
    query["login_hint"] = recovered.user.get_username()
    if recovered.next_url:
        query["next"] = recovered.next_url
    return f"{resolve_url(settings.LOGIN_URL)}?{query.urlencode()}"
