"""What all endpoints have in common that programs call, from pages of other origins among them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from .. import cors
from ..signer import SignerUnavailableError
from .unavailable import database_away, signer_away

View = Callable[..., HttpResponse]


def for_programs(view: View) -> View:
    """An endpoint that reads no cookie. Scripts of any origin may call it and read its answer
    (``cors``), also where that is an error, or that there is no such thing (404), or that the keys
    or the database are out of reach (503)."""

    @functools.wraps(view)
    def answering(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        response = (
            cors.preflight(request)
            if request.method == "OPTIONS"
            else _answer(view, request, *args, **named)
        )
        cors.open_to_origins(request, response)
        return response

    return csrf_exempt(answering)


def _answer(view: View, request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
    try:
        return view(request, *args, **named)
    except SignerUnavailableError as error:
        return signer_away(error)
    except (OperationalError, InterfaceError):
        return database_away()
    except Http404 as error:
        body = {"error": "not_found", "error_description": str(error)}
        return JsonResponse(body, status=404, headers={"Cache-Control": "no-store"})
