"""The links of a recovery by operators."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from ostiary import second_step, sessions
from ostiary.pages import form_page, posted

from .. import links, support, support_link
from ..email_change import Outcome
from ..forms import SetPasswordForm
from . import link_dead, next_url, show

FINISH_KEY = "ostiary.support_token"
STOP_KEY = "ostiary.support_stop_token"


@second_step.exempt
@sensitive_post_parameters("password")
@form_page
def finish(request: HttpRequest) -> HttpResponse:
    """Set a new password by the mailed link, and what else the case is about.

    It is not a sign-in: the person signs in with the new password, and shows their second factor if
    they still have one (SECURITY C4).
    """
    if links.take_token(request, FINISH_KEY):
        return redirect("ostiary_accounts:support")
    found = support_link.pending(request.session.get(FINISH_KEY, ""))
    if found is None:
        return link_dead(request, "support")
    link, case = found
    form = SetPasswordForm(posted(request), user=link.user)
    if not form.is_valid():
        return show(request, "support", form, email=link.email, case=case)
    del request.session[FINISH_KEY]
    outcome = support_link.finish(request, link, form.cleaned_data["password"])
    if outcome is not Outcome.DONE:
        return link_dead(request, "support" if outcome is Outcome.DEAD else "email_taken")
    # Whoever was signed in here: next comes the person whose link it was.
    sessions.sign_out(request)
    messages.success(request, _("Your new password is set. Sign in with it now."))
    link.user.refresh_from_db()
    query = {"login_hint": link.user.get_username()}
    return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode(query)}")


@second_step.exempt
@form_page
def stop(request: HttpRequest) -> HttpResponse:
    """Stop it by the link in each message; no sign-in is needed to be safe."""
    if links.take_token(request, STOP_KEY):
        return redirect("ostiary_accounts:support_stop")
    found = links.find(request.session.get(STOP_KEY, ""), support.STOP)
    if found is None:
        return link_dead(request, "support_stop")
    if request.method != "POST":
        return render(request, "ostiary_accounts/support_stop.html")
    del request.session[STOP_KEY]
    if not support.stop_by(request, found):
        return link_dead(request, "support_stop")
    return render(request, "ostiary_accounts/support_stopped.html")


@csrf_protect
@login_required
@require_POST
def stop_here(request: HttpRequest) -> HttpResponse:
    """Stop it as the signed-in person."""
    if support.stop(request.user, "person", request=request):
        messages.success(request, _("Recovery stopped."))
    return redirect(next_url(request) or "ostiary_accounts:security")
