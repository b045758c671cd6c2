"""Sign-up and the verification of the address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from ostiary import signin as signins
from ostiary.client_address import client_ip
from ostiary.throttling import throttle

from .. import registration
from ..forms import ConfirmSignUpForm, SignUpForm
from ..links import take_token
from . import form_page, link_dead, next_url, posted, show

TOKEN_KEY = "ostiary.signup_token"  # noqa: S105  (the name of a session entry)
ASKED_KEY = "ostiary.signup_here"


@sensitive_post_parameters("password")
@form_page
def signup(request: HttpRequest) -> HttpResponse:
    """Ask for an account. What happens next is in the mail, whoever has the address (C1)."""
    wanted = next_url(request)
    form = SignUpForm(posted(request))
    if not form.is_valid():
        return show(request, "signup", form, next=wanted)
    email = form.cleaned_data["email"]
    throttle("signup", ip=client_ip(request), user=email)
    asked = registration.request_account(
        request,
        email=email,
        name=form.cleaned_data["name"],
        password=form.cleaned_data["password"],
        next_url=wanted,
    )
    request.session[ASKED_KEY] = str(asked.pk)
    return redirect("ostiary_accounts:check_mail")


@never_cache
@require_safe
def check_mail(request: HttpRequest) -> HttpResponse:
    """What to do now: the same words for everyone."""
    return render(request, "ostiary_accounts/check_mail.html")


@sensitive_post_parameters("password")
@form_page
def verify(request: HttpRequest) -> HttpResponse:
    """Finish signing up. The link only opens the page: the button is what confirms.

    Mail scanners follow links; they don't press buttons. In a browser other than the one that
    asked, or where someone is signed in, the password chosen at sign-up is asked for: so nobody
    confirms an account whose password a stranger chose (SECURITY C5, H11).
    """
    if take_token(request, TOKEN_KEY):
        return redirect("ostiary_accounts:verify")
    found = registration.pending(request.session.get(TOKEN_KEY, ""))
    if found is None:
        return link_dead(request, "signup")
    asked_here = (
        request.session.get(ASKED_KEY) == str(found.pk) and not request.user.is_authenticated
    )
    form = ConfirmSignUpForm(posted(request), request=request, pending=found)
    if asked_here:
        del form.fields["password"]
    if not form.is_valid():
        page = show(request, "verify", form, email=found.email)
        page.next_url = found.next_url  # type: ignore[attr-defined]  # read by the site's headers
        return page
    for entry in (TOKEN_KEY, ASKED_KEY):
        request.session.pop(entry, None)
    user = registration.confirm(request, found)
    if user is None:
        return link_dead(request, "signup")
    return signins.begin(request, user, amr=["pwd"], next_url=found.next_url)
