"""Forgot password."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ostiary import signin as signins
from ostiary.client_address import client_ip
from ostiary.throttling import Throttled, throttle

from .. import recovery
from ..forms import RecoverForm, SetPasswordForm
from ..links import TOKEN_MAX_LENGTH, email_of
from ..models import normalize_email
from .signin import too_many

TOKEN_KEY = "ostiary.recovery_token"  # noqa: S105  (the name of a session entry)


@never_cache
@csrf_protect
@require_http_methods(["GET", "POST"])
def recover(request: HttpRequest) -> HttpResponse:
    """Ask for a link. The answer is the same for every address (C1)."""
    next_url = signins.safe_next_url(request, request.POST.get("next", request.GET.get("next")))
    form = RecoverForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = normalize_email(form.cleaned_data["email"])
        try:
            throttle("recovery", ip=client_ip(request), user=email)
        except Throttled as throttled:
            return too_many(request, throttled)
        recovery.request_link(request, email=email, next_url=next_url)
        return redirect("ostiary_accounts:recover_sent")
    return render(
        request,
        "ostiary_accounts/recover.html",
        {"form": form, "next": next_url},
        status=400 if form.errors else 200,
    )


@never_cache
@require_http_methods(["GET"])
def recover_sent(request: HttpRequest) -> HttpResponse:
    """What to do now: the same words for everyone."""
    return render(request, "ostiary_accounts/recover_sent.html")


@sensitive_post_parameters("password")
@never_cache
@csrf_protect
@require_http_methods(["GET", "POST"])
def recover_set(request: HttpRequest) -> HttpResponse:
    """Set a new password by the mailed link.

    It is not a sign-in: the person signs in with the new password, and shows their second factor
    if they have one (SECURITY C4).
    """
    if "token" in request.GET:
        request.session[TOKEN_KEY] = request.GET["token"][:TOKEN_MAX_LENGTH]
        return redirect("ostiary_accounts:recover_set")
    found = recovery.pending(request.session.get(TOKEN_KEY, ""))
    if found is None:
        return render(request, "ostiary_accounts/link_dead.html", {"what": "recover"}, status=400)
    form = SetPasswordForm(request.POST or None, user=found.user)
    if request.method == "POST" and form.is_valid():
        del request.session[TOKEN_KEY]
        if not recovery.set_password(request, found, form.cleaned_data["password"]):
            return render(
                request, "ostiary_accounts/link_dead.html", {"what": "recover"}, status=400
            )
        messages.success(request, _("Your new password is set. Sign in with it now."))
        query = QueryDict(mutable=True)
        query["login_hint"] = email_of(found.user)
        if found.next_url:
            query["next"] = found.next_url
        return HttpResponseRedirect(f"{settings.LOGIN_URL}?{query.urlencode()}")
    return render(
        request,
        "ostiary_accounts/recover_set.html",
        {"form": form, "email": email_of(found.user)},
        status=400 if form.errors else 200,
    )
