"""Ceremonies of one browser, without the pages: options out, an answer in."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from passkeys import ceremonies
from passkeys.ceremonies import Authenticated, Purpose
from passkeys.models import Credential
from tests.passkeys.authenticator import Authenticator


def browser() -> HttpRequest:
    """A request of a browser with a session of its own, for all that it sends."""
    request = RequestFactory().post("/")
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    request.user = AnonymousUser()
    return request


def register(
    user: Any, authenticator: Authenticator, request: HttpRequest | None = None, **lies: Any
) -> Credential:
    """Have the person make a passkey. Raises ``CeremonyRefused``."""
    request = request or browser()
    options = ceremonies.begin_registration(request, user)
    return ceremonies.finish_registration(request, user, authenticator.create(options, **lies))


def sign_in(
    authenticator: Authenticator, request: HttpRequest | None = None, **lies: Any
) -> Authenticated:
    """Have the passkey say who the person is. Raises ``CeremonyRefused``."""
    request = request or browser()
    options = ceremonies.begin_authentication(request, None, Purpose.SIGN_IN)
    return ceremonies.finish_authentication(
        request, authenticator.get(options, **lies), Purpose.SIGN_IN
    )
