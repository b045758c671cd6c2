"""The page for an error that must not be redirected (RFC 6749 §4.1.2.1, SECURITY A1)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from oauthlib.oauth2.rfc6749.errors import OAuth2Error


def error_page(request: HttpRequest, error: OAuth2Error) -> HttpResponse:
    """Say in words what is wrong with the request."""
    return render(
        request,
        "ostiary_oauth/error.html",
        {"error": error.error, "description": error.description},
        status=400,
    )
