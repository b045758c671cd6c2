"""Another email address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

from ostiary import assurance, sessions
from ostiary.client_address import client_ip
from ostiary.pages import form_page, posted
from ostiary.throttling import throttle

from .. import email_change, links, unreachable
from ..addresses import email_of
from ..email_change import Outcome
from ..forms import ChangeEmailForm
from . import link_dead, next_url, show

CONFIRM_KEY = "ostiary.email_token"
UNDO_KEY = "ostiary.email_undo_token"


@form_page
@login_required
@assurance.step_up()
def change(request: HttpRequest) -> HttpResponse:
    """Ask for another address. Nothing changes before its mailbox is shown to be the person's."""
    user: Any = request.user
    form = ChangeEmailForm(posted(request), user=user)
    if not form.is_valid():
        waiting = email_change.waiting(user)
        return show(
            request,
            "email",
            form,
            email=email_of(user),
            waiting=waiting,
            unreachable=unreachable.note(user),
            section="ostiary_accounts:profile",
        )
    throttle("email_change", ip=client_ip(request), user=str(user.pk))
    email_change.request_change(request, user, form.cleaned_data["email"])
    messages.info(
        request, _("We’ve emailed a link to your new address. Open it to confirm the change.")
    )
    return redirect("ostiary_accounts:email")


@csrf_protect
@login_required
@require_POST
def confirm_again(request: HttpRequest) -> HttpResponse:
    """Mail a link to the present address, by which the person shows that they get it."""
    user: Any = request.user
    if unreachable.note(user):
        throttle("email_change", ip=client_ip(request), user=str(user.pk))
        email_change.request_change(request, user, email_of(user))
        messages.info(request, _("We’ve emailed a link to your address. Open it to confirm."))
    return redirect("ostiary_accounts:email")


@csrf_protect
@login_required
@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """Call off the change that waits."""
    if email_change.cancel(request, request.user):
        messages.success(request, _("The change of your email address is cancelled."))
    return redirect(next_url(request) or "ostiary_accounts:email")


@form_page
def confirm(request: HttpRequest) -> HttpResponse:
    """Confirm the new address by the mailed link, as the person who asked and nobody else.

    A link that reaches someone else's mailbox, or is opened where another person is signed in,
    attaches no address to anybody (SECURITY C5). On another device the person signs in first.
    """
    if links.take_token(request, CONFIRM_KEY):
        return redirect("ostiary_accounts:email_confirm")
    found = links.find(request.session.get(CONFIRM_KEY, ""), email_change.CHANGE)
    if found is None:
        return link_dead(request, "email")
    if not request.user.is_authenticated:
        return redirect_to_login(
            reverse("ostiary_accounts:email_confirm"), resolve_url(settings.LOGIN_URL)
        )
    if request.user.pk != found.user_id:
        return render(request, "ostiary_accounts/email_other_account.html", status=403)
    again = found.email == email_of(request.user)
    if request.method != "POST":
        told = {"email": found.email, "again": again}
        return render(request, "ostiary_accounts/email_confirm.html", told)
    del request.session[CONFIRM_KEY]
    outcome = email_change.confirm(request, found)
    if outcome is not Outcome.DONE:
        return link_dead(request, "email" if outcome is Outcome.DEAD else "email_taken")
    done = _("Email address confirmed.") if again else _("Email address changed.")
    messages.success(request, done)
    return redirect("ostiary_accounts:email")


@form_page
def undo(request: HttpRequest) -> HttpResponse:
    """Take a change back, by the link that was mailed to the old address. No sign-in is needed:
    whoever took the account over may have left its owner none."""
    if links.take_token(request, UNDO_KEY):
        return redirect("ostiary_accounts:email_undo")
    found = links.find(request.session.get(UNDO_KEY, ""), email_change.UNDO)
    if found is None:
        return link_dead(request, "email_undo")
    if request.method != "POST":
        return render(request, "ostiary_accounts/email_undo.html", {"email": found.email})
    del request.session[UNDO_KEY]
    outcome = email_change.undo(request, found)
    if outcome is not Outcome.DONE:
        return link_dead(request, "email_undo" if outcome is Outcome.DEAD else "email_taken")
    sessions.sign_out(request)
    return render(request, "ostiary_accounts/email_undone.html", {"email": found.email})
