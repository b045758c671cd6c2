"""Sign in by a mailed code or link, where the operator lets people.

``amr`` says ``email``: RFC 8176 has no name for it, and ``otp`` would let a mailbox pass for
something that the person has (NIST SP 800-63B-4 §3.1.3.1 excludes email). It is AAL1, beside
whatever else.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from ostiary import assurance, events, known_device
from ostiary import signin as signins
from ostiary.client_address import client_ip
from ostiary.pages import View, form_page, posted, signin_page
from ostiary.throttling import throttle

from .. import challenge, mailed_code, stuffing
from ..addresses import MAX_LENGTH, email_of
from ..conf import accounts_settings
from ..forms import CodeForm, EmailSignInForm
from ..links import take_token
from ..models import MailedCode
from . import leads_on, link_dead, next_url, show

AMR = "email"
ELSEWHERE = "link_opened_elsewhere"
"""What the rules of risk are told of a link that another browser asked for."""
TOKEN_KEY = "ostiary.signin_token"  # noqa: S105  (the name of a session entry)
SIGNIN = mailed_code.Purpose.SIGNIN


def _where_allowed(view: View) -> View:
    """View decorator: the page is there only if the operator lets people sign in so."""

    @functools.wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        if not accounts_settings.PASSWORDLESS_EMAIL:
            raise Http404
        return view(request)

    return answer


@_where_allowed
@signin_page
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a code and link. The answer is the same for every address (C1)."""
    wanted = next_url(request)
    hinted = request.GET.get("login_hint", "")[:MAX_LENGTH]
    if not hinted and request.user.is_authenticated and not assurance.expects_another(request):
        hinted = email_of(request.user)
    form = EmailSignInForm(posted(request), initial={"email": hinted})
    asked = challenge.unmet(request, form, "code", "email")
    if asked or not form.is_valid():
        return show(request, "signin_email", form, next=wanted, challenge=asked)
    email = form.cleaned_data["email"]
    throttle(
        "code",
        ip=client_ip(request),
        user=email,
        device=known_device.name_for(request, email),
    )
    stuffing.note(request, "code", email)
    mailed_code.ask(
        request,
        SIGNIN,
        email,
        context={
            "next_url": wanted,
            "acr_values": request.GET.get("acr_values", "").split(),
            "remember": form.cleaned_data["remember"],
        },
    )
    return redirect("ostiary_accounts:signin_code")


@_where_allowed
@signin_page
def code(request: HttpRequest) -> HttpResponse:
    """Enter the code, in the browser that asked for it."""
    asked = mailed_code.asked_here(request, SIGNIN)
    form = CodeForm(posted(request))
    if form.is_valid():
        found = mailed_code.redeem(request, SIGNIN, form.cleaned_data["code"])
        user = found and mailed_code.signs_in(found)
        if found and user:
            return _signed_in(request, found, user)
        events.record(
            "signin.failed",
            request=request,
            outcome="failure",
            details={"amr": [AMR]},
            personal={"email": asked.address} if asked else None,
        )
        form.add_error("code", _("Wrong code. Check your newest email."))
    if asked is None or mailed_code.asked_here(request, SIGNIN) is None:
        return link_dead(request, "signin")
    wanted = asked.context["next_url"]
    return leads_on(show(request, "signin_code", form, email=asked.address, next=wanted), wanted)


@_where_allowed
@form_page
def link(request: HttpRequest) -> HttpResponse:
    """Sign in by the link. It only opens the page: the button signs in, which no scanner presses.

    In another browser than asked the page says so: who was sent a link by someone else is not to
    use their account, nor to let them into one's own.
    """
    if take_token(request, TOKEN_KEY):
        return redirect("ostiary_accounts:signin_link")
    asked = mailed_code.linked(request.session.get(TOKEN_KEY, ""))
    if asked is None:
        return link_dead(request, "signin")
    here = mailed_code.is_from_here(request, asked)
    if request.method != "POST":
        wanted = asked.context["next_url"]
        page = show(
            request,
            "signin_link",
            CodeForm(),
            email=asked.address,
            here=here,
            device=asked.context["device"],
            next=wanted,
        )
        return leads_on(page, wanted)
    del request.session[TOKEN_KEY]
    user = mailed_code.redeem_link(request, asked) and mailed_code.signs_in(asked)
    if not user:
        return link_dead(request, "signin")
    return _signed_in(request, asked, user, signals=[] if here else [ELSEWHERE])


def _signed_in(
    request: HttpRequest, asked: MailedCode, user: Any, signals: Sequence[str] = ()
) -> HttpResponse:
    """Begin the sign-in. The address is verified by it: who got the mail reads it."""
    if getattr(user, "email_verified_at", user) is None:
        user.email_verified_at = timezone.now()
        user.save(update_fields=["email_verified_at"])
    return signins.begin(
        request,
        user,
        amr=[AMR],
        next_url=asked.context["next_url"],
        acr_values=asked.context["acr_values"],
        remember=asked.context["remember"],
        signals=signals,
    )
