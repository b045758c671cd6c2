"""``/account/privacy/``: asking to be erased, and thinking better of it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

from ostiary import assurance, erasure, retention
from ostiary.conf import ostiary_settings
from ostiary.pages import form_page
from ostiary.regions import configured

from .. import erasing, links
from ..addresses import email_of
from . import link_dead, next_url

KEEP_KEY = "ostiary.keep_token"


@form_page
@login_required
@assurance.step_up()
def ask(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays, then ask for it (SECURITY F3)."""
    if erasure.of(request.user) is not None:
        return redirect("ostiary_accounts:privacy")
    if request.method != "POST":
        told = {
            "days": ostiary_settings.ERASURE_GRACE_DAYS,
            "email": email_of(request.user),
            "kept": retention.told_to(request.user),
            "regions": [region.name for region in configured.others()],
        }
        return render(request, "ostiary_accounts/erase.html", told)
    erasure.request(request.user, http_request=request)
    return redirect("ostiary_accounts:privacy")


@csrf_protect
@login_required
@require_POST
def keep_here(request: HttpRequest) -> HttpResponse:
    """Call it off as the signed-in person."""
    if erasing.keep(request, request.user):
        messages.success(request, _("Your account won’t be deleted."))
    return redirect(next_url(request) or "ostiary_accounts:privacy")


@form_page
def keep(request: HttpRequest) -> HttpResponse:
    """Call it off by the mailed link; no sign-in is needed to keep what is one's own."""
    if links.take_token(request, KEEP_KEY):
        return redirect("ostiary_accounts:erasure_keep")
    found = links.find(request.session.get(KEEP_KEY, ""), erasing.KEEP)
    if found is None:
        return link_dead(request, "keep")
    if request.method != "POST":
        return render(request, "ostiary_accounts/keep.html")
    del request.session[KEEP_KEY]
    if not erasing.keep_by(request, found):
        return link_dead(request, "keep")
    return render(request, "ostiary_accounts/kept.html")
