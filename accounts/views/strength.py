"""How hard a password is to guess, told before it is chosen."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters

from ostiary.client_address import client_ip
from ostiary.pages import form_page
from ostiary.throttling import throttle

from .. import strength
from ..forms import PASSWORD_MAX_LENGTH


@sensitive_post_parameters("password")
@form_page
def judge(request: HttpRequest) -> HttpResponse:
    """Judge the password of the form that is being filled in: a page, or JSON for our script."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    throttle("strength", ip=client_ip(request))
    words = [request.POST.get(name, "") for name in ("email", "username", "name")]
    if request.user.is_authenticated:
        words += strength.words_of(request.user)
    judged = strength.judge(request.POST.get("password", "")[:PASSWORD_MAX_LENGTH], words)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"score": judged.score, "label": judged.label, "advice": judged.advice})
    return render(request, "ostiary_accounts/strength_told.html", {"judged": judged})
