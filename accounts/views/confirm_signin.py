"""The step that confirms an unusual sign-in by a mailed code."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from ostiary import risk
from ostiary import signin as signins
from ostiary.pages import posted, signin_page

from .. import confirm_by_mail
from ..confirm_by_mail import ConfirmByMail
from ..forms import ConfirmSignInForm
from . import show


@sensitive_post_parameters("code")
@signin_page
def confirm_signin(request: HttpRequest) -> HttpResponse:
    """Enter the mailed code. Nobody is signed in meanwhile (SECURITY C7)."""
    found = signins.pending(request)
    if found is None or not ConfirmByMail().is_required(request, found[1], found[0]):
        return signins.go_on(request)
    progress, user = found
    if not confirm_by_mail.was_sent(request, progress):
        confirm_by_mail.send(request, user, progress)
    elif "resend" in request.POST:
        confirm_by_mail.send(request, user, progress)
        messages.success(request, _("We’ve sent a new email. Only its code works now."))
        return redirect("ostiary_accounts:confirm_signin")
    form = ConfirmSignInForm(posted(request), request=request)
    if form.is_valid():
        confirm_by_mail.forget(request)
        return signins.advance(request, ConfirmByMail.name, amr=[confirm_by_mail.AMR])
    reasons = risk.sentences(progress.risk)
    return show(request, "confirm_signin", form, reasons=reasons)
