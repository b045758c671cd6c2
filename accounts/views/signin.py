"""Sign-in and sign-out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from ostiary import assurance, events, second_step, sessions, signin_methods
from ostiary import signin as signins
from ostiary.pages import form_page, posted, signin_page
from ostiary.signout import signed_out_page

from .. import breached, challenge, recovery, short_password, stuffing, unfinished
from ..addresses import MAX_LENGTH
from ..even_work import authenticate
from ..forms import SetPasswordForm, SignInForm
from ..guessing import guess
from ..panels import CHANGE_PASSWORD
from . import next_url, show


@sensitive_post_parameters("password")
@signin_page
def signin(request: HttpRequest) -> HttpResponse:
    """Identifier and password; then whatever steps policy asks for.

    With ``reauthenticate`` a signed-in person is asked to prove again who they are.
    """
    wanted = next_url(request)
    again = assurance.is_to_confirm(request)
    if request.user.is_authenticated and not again and request.method != "POST":
        return HttpResponseRedirect(wanted or resolve_url(settings.LOGIN_REDIRECT_URL))
    again = again and not assurance.expects_another(request)
    identifier = _suggestion(request, again=again)
    form = SignInForm(posted(request), initial={"identifier": identifier})
    asked = challenge.unmet(request, form, "signin", "identifier")
    if asked is None and form.is_valid():
        user = _first_factor(request, form.cleaned_data)
        if user is not None:
            return signins.begin(
                request,
                user,
                amr=["pwd"],
                next_url=wanted,
                acr_values=request.GET.get("acr_values", "").split(),
                remember=form.cleaned_data["remember"],
                signals=["breached_password"] if breached.was_noticed(request, user) else [],
            )
        form.add_error(
            None,
            _("Wrong email address or password. Check both, or set a new password."),
        )
        asked = challenge.another(request, "signin")
    return show(
        request,
        "signin",
        form,
        next=wanted,
        again=again,
        another_url=_another_account(request) if again else "",
        challenge=asked,
        methods=signin_methods.offered(request),
        unfinished_url="" if again else unfinished.go_on_url(request),
    )


def _suggestion(request: HttpRequest, *, again: bool) -> str:
    hinted = request.GET.get("login_hint", "")[:MAX_LENGTH]
    if hinted or not again:
        return hinted
    return str(request.user.get_username())


def _another_account(request: HttpRequest) -> str:
    """The same page for another account than the one that is signed in."""
    query = request.GET.copy()
    query["another"] = "1"
    return f"?{query.urlencode()}"


def _first_factor(request: HttpRequest, given: dict[str, Any]) -> Any:
    """The person whose password this is, ``None`` for any reason why not.

    A hash is computed whether or not there is such a person. Raises ``Throttled``.
    """
    identifier, password = given["identifier"], given["password"]
    user = guess(
        request,
        identifier,
        lambda: authenticate(request, username=identifier, password=password),
    )
    if user is not None:
        breached.notice(request, user, password)
        short_password.notice(request, user, password)
    else:
        stuffing.note(request, "signin", identifier)
        events.record(
            "signin.failed", request=request, outcome="failure", personal={"email": identifier}
        )
    return user


@sensitive_post_parameters("password")
@signin_page
def change_breached(request: HttpRequest) -> HttpResponse:
    """The step that asks for another password in place of a breached one; all sessions end."""
    found = signins.pending(request)
    if found is None or not breached.was_noticed(request, found[1]):
        return signins.go_on(request)
    _progress, user = found
    return _change_to_go_on(request, user, "change_breached", breached.ChangeBreachedPassword.name)


@sensitive_post_parameters("password")
@signin_page
def change_short(request: HttpRequest) -> HttpResponse:
    """The step that asks for a longer password where there is no second factor any more."""
    found = signins.pending(request)
    step = short_password.ChangeShortPassword()
    if found is None or not step.is_required(request, found[1], found[0]):
        return signins.go_on(request)
    return _change_to_go_on(request, found[1], "change_short", step.name)


def _change_to_go_on(request: HttpRequest, user: Any, page: str, step: str) -> HttpResponse:
    form = SetPasswordForm(posted(request), user=user)
    if not form.is_valid():
        return show(request, page, form, email=user.get_username())
    recovery.change_password(request, user, form.cleaned_data["password"])
    signins.password_changed(request, user)
    return signins.advance(request, step)


@require_safe
def change_password(request: HttpRequest) -> HttpResponse:
    """``/.well-known/change-password``: where password managers send people (W3C)."""
    page = reverse("ostiary_accounts:security", query={CHANGE_PASSWORD: "1"})
    return HttpResponseRedirect(page)


@second_step.exempt
@form_page
def signout(request: HttpRequest) -> HttpResponse:
    """Ask, then end this session in the register and in the engine."""
    if request.method != "POST":
        return render(request, "ostiary_accounts/signout.html")
    frames = sessions.sign_out(request)
    return signed_out_page(request, "ostiary_accounts/signed_out.html", frames, {})
