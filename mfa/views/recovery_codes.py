"""Recovery codes: made, shown once, used."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters

from ostiary import factors
from ostiary.pages import posted
from ostiary.signin import safe_next_url

from .. import challenge, recovery_codes
from ..forms import RecoveryCodeForm
from ..protect import change_of_factors
from ..recovery_codes import FEW, KIND
from . import security_url, show


@change_of_factors
def recovery_code_set(request: HttpRequest) -> HttpResponse:
    """Say how many are left; asked to, make new ones and show them, once."""
    user: Any = request.user
    has_factor = bool(factors.factors_of(user))
    makes = has_factor and request.method == "POST"
    codes = recovery_codes.make(request, user) if makes else []
    context = {
        "has_factor": has_factor,
        "section": "ostiary_accounts:security",
        "codes": codes,
        "has_set": recovery_codes.codes_of(user) is not None,
        "left": recovery_codes.left(user),
        "few": FEW,
        "next": safe_next_url(request, request.GET.get("next")) or security_url(),
    }
    return render(request, "ostiary_mfa/recovery_codes.html", context)


@sensitive_post_parameters("codes")
@change_of_factors
def download(request: HttpRequest) -> HttpResponse:
    """The codes that the page shows, as a file. The server no longer knows them, so the page sends
    them back; what is none of the person's is left out."""
    kept = recovery_codes.codes_of(request.user)
    sent = request.POST.get("codes", "").split()[:20] if kept else []
    codes = [code for code in sent if kept and kept.has(code)]
    if not codes:
        return redirect("ostiary_mfa:recovery_codes")
    text = render_to_string("ostiary_mfa/recovery_codes.txt", {"codes": codes}, request)
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="recovery-codes.txt"'
    return response


@sensitive_post_parameters("code")
@challenge.challenge_page(KIND.name)
def recovery_code_challenge(request: HttpRequest, user: Any) -> HttpResponse:
    """The second step of a sign-in by a recovery code, which is used up by it."""
    form = RecoveryCodeForm(posted(request), length=recovery_codes.length(user))
    if form.is_valid():
        codes = recovery_codes.use(request, user, form.cleaned_data["code"])
        if codes is not None:
            response = challenge.passed(request, codes, KIND.name)
            _warn(request, codes.left())
            return response
        challenge.failed(request, user, KIND.name)
        form.add_error("code", _("That’s not one of your backup codes, or it was already used."))
    told = challenge.told(request, user, KIND.name)
    return show(request, "recovery_code_challenge", form, **told)


def _warn(request: HttpRequest, left: int) -> None:
    """Say on the next page how many are left, and what to do when that is few."""
    text = ngettext("You have %d backup code left.", "You have %d backup codes left.", left) % left
    if left < FEW:
        messages.warning(request, f"{text} {_('Create new ones on your Security page.')}")
    else:
        messages.info(request, text)
