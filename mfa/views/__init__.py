"""HTTP: parse, call, answer. One module per kind of factor."""

from __future__ import annotations

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse


def show(request: HttpRequest, page: str, form: Form, **context: Any) -> HttpResponse:
    """The page with its form: 400 if it was sent and there is something to correct."""
    return render(
        request,
        f"ostiary_mfa/{page}.html",
        {
            "form": form,
            "security_url": security_url(),
            "section": "ostiary_accounts:security",  # of the navigation
            **context,
        },
        status=400 if form.errors else 200,
    )


def security_url() -> str:
    """Where the person looks after their factors: the page of accounts that has all panels, or
    our own where accounts is not installed."""
    try:
        return reverse("ostiary_accounts:security")
    except NoReverseMatch:
        return reverse("ostiary_mfa:factors")
