"""The language in which an application asked us to show the pages of one flow.

A flow goes over pages of several apps, whoever is signed in meanwhile. Who begins it remembers the
language in a cookie, who ends it forgets it; the middleware, in the place of Django's
``LocaleMiddleware``, holds to it in between.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from . import cookies

COOKIE = "flow-language"
LIFETIME_SECONDS = 1800
MOST_TAGS = 20


def supported(wanted: Iterable[str]) -> str:
    """The first of the wanted languages (BCP 47 tags) that this site has, ``""`` for none."""
    for tag, _ in zip(wanted, range(MOST_TAGS), strict=False):
        if not tag:
            continue
        try:
            return translation.get_supported_language_variant(tag.lower())
        except LookupError:
            continue
    return ""


def remember(response: HttpResponse, language: str) -> None:
    """Show what follows in ``language`` too."""
    cookies.give(response, COOKIE, language, LIFETIME_SECONDS)


def forget(request: HttpRequest, response: HttpResponse) -> None:
    """The flow is over."""
    if cookies.name_of(COOKIE) in request.COOKIES:
        response.delete_cookie(cookies.name_of(COOKIE), samesite="Lax")


class FlowLanguageMiddleware(LocaleMiddleware):
    """The language of the flow, and outside of one that which Django would choose."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        language = supported([request.COOKIES.get(cookies.name_of(COOKIE), "")])
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = language
