"""“I can't use my second step.”"""

from __future__ import annotations

import functools

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST, require_safe

from ostiary import factors, known_device, second_step, sessions
from ostiary import signin as signins
from ostiary.client_address import client_ip
from ostiary.pages import View, form_page, posted
from ostiary.throttling import throttle

from .. import challenge, factor_recovery, links, stuffing
from ..addresses import email_of
from ..conf import accounts_settings
from ..forms import RecoverForm
from . import link_dead, next_url, show

GO_ON_KEY = "ostiary.factor_recovery_token"
STOP_KEY = "ostiary.factor_recovery_stop_token"


def _offered(view: View) -> View:
    """View decorator: a page that is not there on a site without second factors."""

    @functools.wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        if not factor_recovery.is_offered():
            raise Http404
        return view(request)

    return answer


@second_step.exempt
@form_page
@_offered
def ask(request: HttpRequest) -> HttpResponse:
    """Begin, or go on. Who has just shown their password begins here; others get a mail."""
    found = signins.pending(request)
    if found is not None and factors.factors_of(found[1]):
        return _ask_with_password(request, found[1])
    form = RecoverForm(posted(request))
    asked = challenge.unmet(request, form, "factor_recovery", "email")
    if asked or not form.is_valid():
        return show(request, "factor_recovery", form, challenge=asked, **_words())
    email = form.cleaned_data["email"]
    _spend_try(request, email)
    stuffing.note(request, "factor_recovery", email)
    factor_recovery.request_link(request, email)
    return redirect("ostiary_accounts:factor_recovery_sent")


def _spend_try(request: HttpRequest, email: str) -> None:
    """Raises ``Throttled``."""
    throttle(
        "factor_recovery",
        ip=client_ip(request),
        user=email,
        device=known_device.name_for(request, email),
    )


def _words() -> dict[str, object]:
    return {
        "days": accounts_settings.FACTOR_RECOVERY_DAYS,
        "ready_days": factor_recovery.READY_DAYS,
        "other_ways": factors.other_ways(),
    }


def _ask_with_password(request: HttpRequest, user: object) -> HttpResponse:
    recovery = factor_recovery.of(user)
    page = "ostiary_accounts/factor_recovery_known.html"
    if request.method != "POST":
        return render(request, page, {"recovery": recovery, **_words()})
    _spend_try(request, email_of(user))
    if recovery is not None and recovery.is_ready:
        factor_recovery.request_link(request, email_of(user))
        return redirect("ostiary_accounts:factor_recovery_sent")
    factor_recovery.begin(request, user)
    return redirect("ostiary_accounts:factor_recovery")


@second_step.exempt
@never_cache
@require_safe
@_offered
def sent(request: HttpRequest) -> HttpResponse:
    """What to do now: the same words for everyone."""
    return render(request, "ostiary_accounts/factor_recovery_sent.html")


@second_step.exempt
@form_page
def go_on(request: HttpRequest) -> HttpResponse:
    """Begin or finish by the mailed link. It only opens the page: the button is what does it."""
    if links.take_token(request, GO_ON_KEY):
        return redirect("ostiary_accounts:factor_recovery_go_on")
    begin, finish = factor_recovery.BEGIN, factor_recovery.FINISH
    found = links.find(request.session.get(GO_ON_KEY, ""), begin, finish)
    if found is None:
        return link_dead(request, "factor_recovery")
    if request.method != "POST":
        context = {"email": email_of(found.user), "finish": found.purpose == finish, **_words()}
        return render(request, "ostiary_accounts/factor_recovery_go_on.html", context)
    del request.session[GO_ON_KEY]
    if found.purpose == begin:
        recovery = factor_recovery.begin_by(request, found)
        if recovery is None:
            return link_dead(request, "factor_recovery")
        context = {"recovery": recovery, **_words()}
        return render(request, "ostiary_accounts/factor_recovery_begun.html", context)
    if not factor_recovery.finish(request, found):
        return link_dead(request, "factor_recovery")
    # Whoever was signed in here: next comes the person whose link it was.
    sessions.sign_out(request)
    messages.success(
        request, _("Two-step verification is removed. Sign in, and then set it up again.")
    )
    query = {
        "login_hint": found.user.get_username(),
        "next": reverse("ostiary_accounts:security"),
    }
    return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode(query)}")


@second_step.exempt
@form_page
def stop(request: HttpRequest) -> HttpResponse:
    """Stop it by the link in each message; no sign-in is needed to be safe."""
    if links.take_token(request, STOP_KEY):
        return redirect("ostiary_accounts:factor_recovery_stop")
    found = links.find(request.session.get(STOP_KEY, ""), factor_recovery.STOP)
    if found is None:
        return link_dead(request, "factor_recovery_stop")
    if request.method != "POST":
        return render(request, "ostiary_accounts/factor_recovery_stop.html")
    del request.session[STOP_KEY]
    if not factor_recovery.stop_by(request, found):
        return link_dead(request, "factor_recovery_stop")
    return render(request, "ostiary_accounts/factor_recovery_stopped.html")


@csrf_protect
@login_required
@require_POST
def stop_here(request: HttpRequest) -> HttpResponse:
    """Stop it as the signed-in person."""
    if factor_recovery.stop(request, request.user):
        messages.success(request, _("Recovery stopped."))
    return redirect(next_url(request) or "ostiary_accounts:security")
