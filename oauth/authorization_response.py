"""The authorization response, success or error, in the response mode that was asked for.

Every one of them carries ``iss`` (RFC 9207), so that a client can't mix up two servers.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from . import jarm, response_type
from .authorization_request import Destination
from .issuer import issuer
from .redirect_uri import form_action_source


class RedirectToClient(HttpResponseRedirect):
    """A redirect to a registered redirect URI, whatever its scheme (RFC 8252 §7.1)."""

    def __init__(self, url: str) -> None:
        self.allowed_schemes = [url.partition(":")[0]]
        super().__init__(url)
        self["Cache-Control"] = "no-store"


def respond(
    request: HttpRequest, to: Destination, pairs: Iterable[tuple[str, str]]
) -> HttpResponse:
    """Send ``pairs`` to the client, as its request wants them (RFC 6749 §4.1.2, JARM §2.3).

    Raises ``client_jwt.NoKeyError``: then nothing may be sent to it.
    """
    answer = [*pairs, *([("state", to.state)] if to.state else []), ("iss", issuer())]
    carrier, _, form = to.response_mode.partition(".")
    if form == response_type.JWT:
        answer = [("response", jarm.response(to.client, answer))]
    if carrier == "form_post":
        return _form_post(request, to, answer)
    separator = "#" if carrier == "fragment" else "&" if "?" in to.redirect_uri else "?"
    return RedirectToClient(to.redirect_uri + separator + urlencode(answer))


def _form_post(
    request: HttpRequest, to: Destination, answer: list[tuple[str, str]]
) -> HttpResponse:
    """A page that posts itself: by our own script, or by its button where there is none."""
    response = render(
        request,
        "ostiary_oauth/form_post.html",
        {"redirect_uri": to.redirect_uri, "answer": answer, "client": to.client},
    )
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"form-action {form_action_source(to.redirect_uri)}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return response
