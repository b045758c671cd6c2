"""The page for an error that must not be redirected (RFC 6749 §4.1.2.1, SECURITY A1)."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from ..explanation import explanation_of


def error_page(request: HttpRequest, error: OAuth2Error) -> HttpResponse:
    """Say calmly that it failed and where to go back to; what is wrong with the request, for its
    developer, where nobody else has to read it."""
    explanation = explanation_of(error)
    client = explanation.client if explanation else None
    # A link to where nobody has looked would make this site vouch for it.
    home = client.client_uri if client and not client.is_unchecked else ""
    return render(
        request,
        "ostiary_oauth/error.html",
        {
            "problem": error,
            "client": client,
            "home": home,
            "soon_again": error.status_code == HTTPStatus.SERVICE_UNAVAILABLE,
        },
        status=400,
    )
