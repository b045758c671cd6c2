"""Where the forms of a sign-in may lead, for the Content-Security-Policy of its pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import QueryDict
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from .redirect_uri import form_action_source
from .resolved_request import resolve


def form_action_sources(authorize_url: str) -> list[str]:
    """The origin to which an authorization request will redirect in the end, if it is registered.

    Browsers hold ``form-action`` against the redirects that follow a form, so every page on the
    way needs it. One SQL statement, two for a request that was pushed.
    """
    try:
        to = resolve(QueryDict(urlsplit(authorize_url).query)).to
    except (OAuth2Error, ValueError):
        return []
    return [form_action_source(to.redirect_uri)]
