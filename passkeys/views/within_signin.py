"""Making a passkey while a sign-in is pending: offered after a password, or asked for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters

from ostiary import factor_set_up
from ostiary import signin as signins
from ostiary.pages import posted, signin_page
from ostiary.second_step import SecondStep

from ..ceremonies import Purpose, amr_of_new, begin_registration
from ..forms import AnswerForm
from ..models import Credential
from ..offer import PasskeyOffer, decline
from ..set_up import PasskeySetUp, is_only_way_in, may_put_off
from . import asks_for_options, options, password_url, show
from .account import added


@sensitive_post_parameters("answer")
@signin_page
def offer(request: HttpRequest) -> HttpResponse:
    """The step that offers a passkey after a password; with ``automatic`` the browser makes one by
    itself, where it does."""
    found = signins.pending(request)
    if found is None or not PasskeyOffer().is_required(request, found[1], found[0]):
        return signins.go_on(request)
    user = found[1]
    if "later" in request.POST:
        return decline(signins.advance(request, PasskeyOffer.name))
    purpose = Purpose.UPGRADE if "automatic" in request.GET else Purpose.REGISTER
    if asks_for_options(request):
        return options(request, lambda: begin_registration(request, user, purpose))
    form = AnswerForm(posted(request))
    made = added(request, user, form, purpose)
    if isinstance(made, Credential):
        # It is a second factor from now on, and made by who was to show one: it isn't asked for.
        return signins.advance(request, SecondStep.name)
    return show(request, "offer", form, signals=made)


@sensitive_post_parameters("answer")
@signin_page
def set_up(request: HttpRequest) -> HttpResponse:
    """The passkey that a sign-in asks for, or the best answer where it asks for a second factor:
    making one shows it, too."""
    found = factor_set_up.asked(request)
    if found is None:
        return signins.go_on(request)
    progress, user, step = found
    is_own = isinstance(step, PasskeySetUp)
    is_wish = is_own and may_put_off(user, progress)
    is_new = is_own and is_only_way_in(user, progress)
    if is_wish and "later" in request.POST:
        return signins.advance(request, step.name)
    if asks_for_options(request):
        return options(request, lambda: begin_registration(request, user, Purpose.SET_UP))
    form = AnswerForm(posted(request))
    made = added(request, user, form, Purpose.SET_UP)
    if isinstance(made, Credential):
        return step.done(request, amr_of_new(made))
    return show(
        request,
        "set_up",
        form,
        is_own=is_own,
        is_wish=is_wish,
        is_new=is_new,
        other_way="" if is_own else step.url(request),
        password_url=password_url() if is_new else "",
        signals=made,
    )
