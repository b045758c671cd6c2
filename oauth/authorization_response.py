"""The authorization response, success or error, in the response mode that was asked for.

Every one of them carries ``iss`` (RFC 9207), so that a client can't mix up two servers.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from . import jarm, response_type
from .answer_page import RedirectToClient, answer_page
from .authorization_request import Destination
from .issuer import issuer


def respond(
    request: HttpRequest,
    to: Destination,
    pairs: Iterable[tuple[str, str]],
    *,
    by_page: bool,
) -> HttpResponse:
    """Send ``pairs`` to the client, as its request wants them (RFC 6749 §4.1.2, JARM §2.3).

    ``by_page`` says that the browser may be here by a form of ours (see ``answer_page``). Raises
    ``client_jwt.NoKeyError``: then nothing may be sent to the client.
    """
    answer = [*pairs, *([("state", to.state)] if to.state else []), ("iss", issuer())]
    carrier, _, form = to.response_mode.partition(".")
    if form == response_type.JWT:
        answer = [("response", jarm.response(to.client, answer))]
    if carrier == "form_post":
        return _form_post(request, to, answer)
    separator = "#" if carrier == "fragment" else "&" if "?" in to.redirect_uri else "?"
    url = to.redirect_uri + separator + urlencode(answer)
    return answer_page(request, url, to.client) if by_page else RedirectToClient(url)


def _form_post(
    request: HttpRequest, to: Destination, answer: list[tuple[str, str]]
) -> HttpResponse:
    """A page that posts itself: by our own script, or by its button where there is none.

    Its policy has no ``form-action``, which would be held against where the client leads on.
    """
    response = render(
        request,
        "ostiary_oauth/form_post.html",
        {"redirect_uri": to.redirect_uri, "answer": answer, "client": to.client},
    )
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return response
