"""How a request presents its access token (RFC 6750 §2, RFC 9449 §7.1)."""

from __future__ import annotations

import re

from django.http import HttpRequest

from .errors import SCHEMES, InvalidRequest, InvalidToken, NoToken

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""``b64token`` of RFC 6750 §2.1."""
_FORM = "application/x-www-form-urlencoded"


def scheme_of(request: HttpRequest) -> str:
    """The authentication scheme of the request, in lower case; empty where there is none."""
    return _authorization(request).partition(" ")[0].lower()


def _authorization(request: HttpRequest) -> str:
    value: str = request.META.get("HTTP_AUTHORIZATION", "")
    return value


def presented(request: HttpRequest) -> tuple[str, str]:
    """The scheme, in lower case, and the token.

    It is taken from the Authorization header alone: an address ends up in logs, and a form is sent
    by any page. Raises ``NoToken``, and ``InvalidRequest`` for a token in the query or in several
    places. Whether it can be one is for ``check_form`` to say.
    """
    if request.META.get("QUERY_STRING") and "access_token" in request.GET:
        raise InvalidRequest("An access token isn't allowed in a URL.")
    scheme, _, token = _authorization(request).partition(" ")
    scheme = scheme.lower()
    if scheme not in SCHEMES:
        raise NoToken
    if request.content_type == _FORM and "access_token" in request.POST:
        raise InvalidRequest("The access token is sent in more than one way.")
    return scheme, token.strip(" ")


def check_form(token: str) -> None:
    """Raise ``InvalidRequest`` for several tokens, ``InvalidToken`` for what can't be one."""
    if "," in token:
        raise InvalidRequest("There is more than one access token.")
    if not _TOKEN.fullmatch(token):
        raise InvalidToken("The access token is malformed.")
