"""Codes by email: set up, asked for, removed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from ostiary.notifications import addresses_of
from ostiary.pages import posted

from .. import challenge, changes, email_factor, sent_code
from ..email_factor import CHANNEL, KIND, is_for
from ..forms import RemoveForm
from ..models import SentCode
from ..protect import change_of_factors, set_up_done, set_up_of_factors
from . import security_url, show
from .sent_code import CodePage, code_page


@sensitive_post_parameters("code")
@challenge.challenge_page(KIND.name)
def email_challenge(request: HttpRequest, user: Any) -> HttpResponse:
    """The second step of a sign-in: the code that was mailed."""

    def entered(asked: SentCode) -> HttpResponse:
        [device] = KIND.devices(user)
        sent_code.used(device)
        return challenge.passed(request, device, KIND.name)

    page = CodePage(
        "email_challenge",
        CHANNEL,
        sent_code.SIGNIN,
        send=lambda: email_factor.send_code(request, user, sent_code.SIGNIN),
        entered=entered,
        context=challenge.told(request, user, KIND.name),
    )
    return code_page(request, user, page)


@set_up_of_factors
def begin(request: HttpRequest, user: Any) -> HttpResponse:
    """Say what it is worth, and go on to the first code."""
    has_it, offered = bool(KIND.devices(user)), is_for(request, user)
    if not has_it and not offered:
        raise Http404
    if request.method == "POST" and offered and not has_it:
        return redirect("ostiary_mfa:email_code_confirm")
    return show(request, "email_code", Form(), has_it=has_it, addresses=addresses_of(user))


@sensitive_post_parameters("code")
@set_up_of_factors
def confirm(request: HttpRequest, user: Any) -> HttpResponse:
    """Mail a code, and take it: so the person sees that it arrives."""
    if not is_for(request, user):
        return redirect("ostiary_mfa:email_code")

    def entered(asked: SentCode) -> HttpResponse:
        device = email_factor.confirm(request, user)
        messages.success(request, _("Email codes turned on."))
        return set_up_done(request, device)

    page = CodePage(
        "email_code_confirm",
        CHANNEL,
        sent_code.SETUP,
        send=lambda: email_factor.send_code(request, user, sent_code.SETUP),
        entered=entered,
    )
    return code_page(request, user, page)


@sensitive_post_parameters("password")
@change_of_factors
def remove(request: HttpRequest) -> HttpResponse:
    """Ask, and remove it."""
    devices = KIND.devices(request.user)
    if not devices:
        raise Http404
    form = RemoveForm(posted(request), request=request)
    if not form.is_valid():
        return show(request, "email_code_remove", form)
    changes.remove(request, devices[0], KIND)
    messages.success(request, _("Email codes turned off."))
    return HttpResponseRedirect(security_url())
