"""The answer while the keys of this server, or its database, are out of reach."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from ..signer import SignerUnavailableError
from .error_page import error_page

RETRY_SECONDS = 5
View = Callable[..., HttpResponse]


def or_unavailable_page(view: View) -> View:
    """Answer 503 with a page where ``view`` needed a signature and could not get it."""

    @functools.wraps(view)
    def answering(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            return view(request, **named)
        except SignerUnavailableError as error:
            return _soon_again(error_page(request, error), error.status_code)

    return answering


def signer_away(error: SignerUnavailableError) -> HttpResponse:
    """The answer to a program that needed a signature."""
    return _soon_again(HttpResponse(error.json, "application/json"), error.status_code)


def database_away() -> HttpResponse:
    """The answer to a program where the database failed (SECURITY G4)."""
    answer = HttpResponse('{"error": "temporarily_unavailable"}', "application/json")
    return _soon_again(answer, 503)


def _soon_again(response: HttpResponse, status: int) -> HttpResponse:
    response.status_code = status
    response["Retry-After"] = str(RETRY_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
