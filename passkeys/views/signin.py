"""Signing in by a passkey, alone or after a password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.views.decorators.debug import sensitive_post_parameters

from ostiary import assurance, second_step
from ostiary import signin as signins
from ostiary.pages import posted, signin_page
from ostiary.second_step import SecondStep

from .. import changes
from ..ceremonies import Authenticated, Purpose, begin_authentication, finish_authentication
from ..forms import AnswerForm
from ..keeper import has_passkey
from ..offer import note_ability
from ..verification import CeremonyRefused
from . import asks_for_options, confirm_url, next_url, options, other_ways_in, show, tell

CHALLENGE = "passkey"


@second_step.exempt
@sensitive_post_parameters("answer")
@signin_page
def signin(request: HttpRequest) -> HttpResponse:
    """Sign in with neither name nor password; with ``reauthenticate`` a signed-in person confirms
    by a passkey of theirs who they are."""
    wanted = next_url(request)
    again = assurance.is_to_confirm(request)
    if request.user.is_authenticated and not again:
        return HttpResponseRedirect(wanted or resolve_url(settings.LOGIN_REDIRECT_URL))
    again = again and not assurance.expects_another(request)
    person = request.user if again else None
    if person is not None and not has_passkey(request, person):
        return HttpResponseRedirect(other_ways_in(request))
    purpose = Purpose.STEP_UP if again else Purpose.SIGN_IN
    if asks_for_options(request):
        asked = options(request, lambda: begin_authentication(request, person, purpose))
        return note_ability(request, asked)
    form = AnswerForm(posted(request))
    shown = _answer(request, form, purpose, person)
    if isinstance(shown, Authenticated):
        return signins.begin(
            request,
            shown.user,
            amr=shown.amr,
            next_url=wanted,
            acr_values=request.GET.get("acr_values", "").split(),
            remember=form.cleaned_data["remember"],
        )
    return show(
        request, "signin", form, again=again, other_way=other_ways_in(request), signals=shown
    )


@second_step.exempt
@sensitive_post_parameters("answer")
@signin_page
def second(request: HttpRequest) -> HttpResponse:
    """The second step of a sign-in: a passkey beside the password.

    Where somebody is signed in by a password already, as after Django's ``LoginView``, they
    confirm by a passkey alone.
    """
    found = signins.pending(request)
    if found is None and request.user.is_authenticated and has_passkey(request, request.user):
        return HttpResponseRedirect(confirm_url(next_url(request)))
    if found is None or not SecondStep().is_required(request, found[1], found[0]):
        return signins.go_on(request)
    person = found[1]
    if not has_passkey(request, person):
        return HttpResponseRedirect(SecondStep().url(request))
    if asks_for_options(request):
        return options(request, lambda: begin_authentication(request, person, Purpose.SECOND_STEP))
    form = AnswerForm(posted(request))
    shown = _answer(request, form, Purpose.SECOND_STEP, person)
    if isinstance(shown, Authenticated):
        return signins.advance(request, SecondStep.name, amr=shown.amr)
    ways = second_step.other_ways(request, person, but=CHALLENGE)
    return show(request, "second_step", form, other_ways=ways, signals=shown)


def _answer(
    request: HttpRequest, form: AnswerForm, purpose: Purpose, person: Any
) -> Authenticated | str:
    """Who answered; else what our script is to signal."""
    if not form.is_valid():
        return ""
    try:
        return take_answer(request, form.cleaned_data["answer"], purpose, person)
    except CeremonyRefused as refused:
        return tell(form, refused)


def take_answer(request: HttpRequest, answer: Any, purpose: Purpose, person: Any) -> Authenticated:
    """Who answered, and may sign in. Raises ``CeremonyRefused``, which is logged."""
    try:
        shown = finish_authentication(request, answer, purpose, person)
        if not shown.user.is_active:
            raise CeremonyRefused("inactive", shown.credential)
    except CeremonyRefused as refused:
        changes.refused(request, refused, person)
        raise
    return shown
