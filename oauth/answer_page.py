"""The page on which an answer leaves this site, where a form of ours was sent before it.

Browsers hold a page's ``form-action`` against every redirect that follows its form (CSP Level 3
§6.4.1), also against those by which the application's redirect URI leads on: to another origin, to
an app. So no form of ours is answered by a redirect to another site. Its answer is this page, which
goes on by itself (``<meta http-equiv="refresh">``), and has a button for where that does nothing:
some systems open an app only by a press. The button's form is sent to us, with the address signed,
and redirected. The page's policy therefore has no ``form-action``; nothing is typed on it.
"""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.encoding import iri_to_uri
from django.utils.translation import get_language

from .models import Client

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LIFETIME = 600
"""Seconds for which the button works."""
SALT = "ostiary.oauth.answer"


class RedirectToClient(HttpResponseRedirect):
    """A redirect to a registered redirect URI, whatever its scheme (RFC 8252 §7.1), and however
    long: the client's own ``state`` may be longer than Django's redirects may."""

    def __init__(self, url: str) -> None:
        super().__init__("/")
        self["Location"] = iri_to_uri(url)
        self["Cache-Control"] = "no-store"


def is_from_here(request: HttpRequest) -> bool:
    """Whether the browser says that a page of ours led here (Fetch Metadata §2.3)."""
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def answer_page(request: HttpRequest, url: str, client: Client) -> HttpResponse:
    """Lead on to ``url``, which is registered for ``client``."""
    response = render(
        request,
        "ostiary_oauth/answer.html",
        {
            "url": url,
            "name": client.name_in(get_language() or ""),
            "signed": signing.TimestampSigner(salt=SALT).sign(url),
        },
    )
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["Content-Security-Policy"] = POLICY
    return response


def signed_address(signed: str) -> str:
    """The address that a page's button has. Raises ``signing.BadSignature``."""
    return signing.TimestampSigner(salt=SALT).unsign(signed, max_age=LIFETIME)
