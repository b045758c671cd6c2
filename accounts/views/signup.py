"""Sign-up and the verification of the address."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import is_password_usable
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from ostiary import signin as signins
from ostiary import signin_methods
from ostiary.client_address import client_ip
from ostiary.conf import ostiary_settings
from ostiary.pages import form_page, posted, signin_page
from ostiary.throttling import throttle

from .. import challenge, invitations, registration, signup_policy, stuffing, unfinished, welcome
from ..addresses import find_user
from ..forms import AcceptInvitationForm, ConfirmSignUpForm, SignUpCodeForm, SignUpForm
from ..links import take_token
from ..models import PendingRegistration
from . import leads_on, link_dead, next_url, show

TOKEN_KEY = "ostiary.signup_token"  # noqa: S105  (the name of a session entry)
INVITATION_KEY = "ostiary.invitation_token"
ASKED_KEY = "ostiary.signups_here"
"""The sign-ups that this browser asked for, each with where the person was going."""
MOST_ASKED = 5
"""So many are remembered: one for each tab, and one for each wrong address."""


@sensitive_post_parameters("password")
@signin_page
def signup(request: HttpRequest) -> HttpResponse:
    """Ask for an account. What happens next is in the mail, whoever has the address (C1)."""
    wanted = next_url(request)
    if not signup_policy.current().lets_anybody:
        return _closed(request, wanted)
    other = _instead_of_password(request)
    form = SignUpForm(
        posted(request), initial=_corrected(request), without_password=other is not None
    )
    asked_first = challenge.unmet(request, form, "signup", "email")
    if asked_first or not form.is_valid():
        return show(
            request,
            "signup",
            form,
            next=wanted,
            challenge=asked_first,
            ways=signin_methods.instead_of_password(),
            without_password=other is not None,
        )
    email = form.cleaned_data["email"]
    throttle("signup", ip=client_ip(request), user=email)
    stuffing.note(request, "signup", email)
    asked = registration.request_account(
        request,
        email=email,
        name=form.cleaned_data["name"],
        password=form.cleaned_data.get("password"),
        next_url=_set_up_after(other, wanted) if other else wanted,
        terms_version=form.cleaned_data.get("terms", ""),
    )
    earlier = list(_asked_here(request).items())[1 - MOST_ASKED :]
    request.session[ASKED_KEY] = {**dict(earlier), str(asked.pk): wanted}
    return redirect("ostiary_accounts:check_mail", key=asked.pk)


def _instead_of_password(request: HttpRequest) -> signin_methods.SignInMethod | None:
    """What the person chose to sign in by, ``None`` for a password."""
    chosen = request.GET.get("instead", "")
    ways = signin_methods.instead_of_password()
    return next((way for way in ways if way.name == chosen), None)


def _set_up_after(way: signin_methods.SignInMethod, wanted: str) -> str:
    """Where the person goes once signed in: to ``wanted``, where the way is set up before that, and
    else to the page for it, which then leads to ``wanted``."""
    if way.setup_step in ostiary_settings.SIGNIN_STEPS:
        return wanted
    return reverse(way.setup_url_name) + (f"?{urlencode({'next': wanted})}" if wanted else "")


def _closed(request: HttpRequest, wanted: str) -> HttpResponse:
    """Who may not sign up is told who to ask."""
    context = {"rules": signup_policy.current(), "next": wanted}
    return render(request, "ostiary_accounts/signup_closed.html", context, status=403)


def _asked_here(request: HttpRequest) -> dict[str, str]:
    found: dict[str, str] = request.session.get(ASKED_KEY, {})
    return found


def _corrected(request: HttpRequest) -> dict[str, str]:
    """What was typed in this browser into the form that is now corrected, or gone on with."""
    key = request.GET.get("correct", "")
    found = registration.waiting(key) if key in _asked_here(request) else None
    if found:
        return {"email": found.email, "name": found.name}
    left = unfinished.left_here(request)
    return {"email": left} if left else {}


@sensitive_post_parameters("password", "code")
@signin_page
def check_mail(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Enter the mailed code here, or open the link; the same words for everyone (C1).

    The code counts only in the browser that asked: a stranger who asked for an account with this
    address has no page on which its owner, to whom the code was mailed, would enter it.
    """
    if str(key) not in _asked_here(request):
        return link_dead(request, "signup")
    wanted = _asked_here(request)[str(key)]
    found = registration.waiting(str(key))
    if found is None:
        return _finished_elsewhere(request, wanted)
    if "resend" in request.POST:
        return leads_on(_resend(request, found), wanted)
    if request.method == "POST":
        throttle("signup_code", ip=client_ip(request))
    form = SignUpCodeForm(posted(request), request=request, pending=found)
    return _finish(request, found, form, "check_mail")


def _finished_elsewhere(request: HttpRequest, wanted: str) -> HttpResponse:
    """The account was made by the link, in another tab or on another device, or time is over."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(wanted or resolve_url(settings.LOGIN_REDIRECT_URL))
    page = render(request, "ostiary_accounts/signup_over.html", {"next": wanted}, status=400)
    return leads_on(page, wanted)


def _resend(request: HttpRequest, found: PendingRegistration) -> HttpResponse:
    if registration.may_resend(found):
        throttle("signup", ip=client_ip(request), user=found.email)
        sent = registration.resend(request, found)
    else:
        sent = False
    if sent:
        messages.success(request, _("We’ve sent a new email. Only its code and link work now."))
    else:
        messages.info(request, _("Wait a minute before you send another email."))
    return redirect("ostiary_accounts:check_mail", key=found.pk)


@sensitive_post_parameters("password")
@form_page
def verify(request: HttpRequest) -> HttpResponse:
    """Finish signing up by the link. It only opens the page: the button is what confirms.

    Mail scanners follow links; they don't press buttons.
    """
    if take_token(request, TOKEN_KEY):
        return redirect("ostiary_accounts:verify")
    found = registration.pending(request.session.get(TOKEN_KEY, ""))
    if found is None:
        return link_dead(request, "signup")
    form = ConfirmSignUpForm(posted(request), request=request, pending=found)
    return _finish(request, found, form, "verify")


def _finish(
    request: HttpRequest, found: PendingRegistration, form: ConfirmSignUpForm, page: str
) -> HttpResponse:
    """Make the account once the form is filled in, and sign the person in.

    In a browser other than the one that asked, or where someone is signed in, the password chosen
    at sign-up is asked for: so nobody confirms an account whose password a stranger chose (SECURITY
    C5, H11). An account without one is made in the browser that asked, and nowhere else.
    """
    if not signup_policy.current().admits(found.email):
        return _closed(request, found.next_url)
    has_password = is_password_usable(found.password)
    if str(found.pk) in _asked_here(request) and not request.user.is_authenticated:
        del form.fields["password"]
    elif not has_password:
        return render(request, "ostiary_accounts/signup_elsewhere.html", status=400)
    if not form.is_valid():
        shown = show(request, page, form, email=found.email, next=found.next_url, key=found.pk)
        return leads_on(shown, found.next_url)
    request.session.pop(TOKEN_KEY, None)
    user = registration.confirm(request, found)
    if user is None:
        return link_dead(request, "signup")
    unfinished.note(request, user)
    welcome.expect(request, user)
    # Of one without a password it is the mailbox that was shown.
    shown_now = ["pwd"] if has_password else ["email"]
    return signins.begin(request, user, amr=shown_now, next_url=found.next_url)


@sensitive_post_parameters("password")
@form_page
def invitation(request: HttpRequest) -> HttpResponse:
    """Make the account that an operator has invited to. Only the button makes it."""
    if take_token(request, INVITATION_KEY):
        return redirect("ostiary_accounts:invitation")
    found = invitations.pending(request.session.get(INVITATION_KEY, ""))
    if found is None or find_user(found.email) is not None:
        return link_dead(request, "invitation")
    form = AcceptInvitationForm(posted(request), invitation=found)
    if not form.is_valid():
        return show(request, "invitation", form, email=found.email)
    del request.session[INVITATION_KEY]
    user = invitations.accept(
        request,
        found,
        name=form.cleaned_data["name"],
        password=form.cleaned_data["password"],
        terms_version=form.cleaned_data.get("terms", ""),
    )
    if user is None:
        return link_dead(request, "invitation")
    welcome.expect(request, user)
    return signins.begin(request, user, amr=["pwd"])
