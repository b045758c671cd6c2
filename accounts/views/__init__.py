"""HTTP: parse, call, answer. One module per part of an account's life."""

from __future__ import annotations

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ostiary.signin import safe_next_url


def next_url(request: HttpRequest) -> str:
    """Where the person was going, if it is on this site."""
    return safe_next_url(request, request.POST.get("next", request.GET.get("next")))


def leads_on(response: HttpResponse, url: str) -> HttpResponse:
    """``response``, with a note for middleware that it leads on to ``url``, which its address does
    not say: who opened it as a pop-up waits for that."""
    response.next_url = url  # type: ignore[attr-defined]
    return response


def show(request: HttpRequest, page: str, form: Form, **context: Any) -> HttpResponse:
    """The page with its form: 400 if it was sent and there is something to correct."""
    return render(
        request,
        f"ostiary_accounts/{page}.html",
        {"form": form, **context},
        status=400 if form.errors else 200,
    )


def link_dead(request: HttpRequest, what: str) -> HttpResponse:
    """The answer to a mailed link that was used, replaced or has expired."""
    return render(request, "ostiary_accounts/link_dead.html", {"what": what}, status=400)
