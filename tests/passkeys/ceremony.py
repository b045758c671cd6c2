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


def padded(answer: Any) -> Any:
    """All bytes with the padding of base64."""
    return _spelled(answer, lambda told: told + "=" * (-len(told) % 4))


def in_plain_base64(answer: Any) -> Any:
    """All bytes in the other alphabet."""
    return _spelled(answer, lambda told: told.replace("-", "+").replace("_", "/"))


def without_id(answer: Any) -> Any:
    """``rawId`` alone."""
    return {name: told for name, told in answer.items() if name != "id"}


def without_raw_id(answer: Any) -> Any:
    """``id`` alone."""
    return {name: told for name, told in answer.items() if name != "rawId"}


def with_the_least(answer: Any) -> Any:
    """Without what a browser tells beside."""
    kept = {name: answer[name] for name in ("id", "rawId", "response")}
    kept["response"].pop("transports", None)
    return kept


def with_nothing_known(answer: Any) -> Any:
    """With values that there are not, or not yet."""
    answer["response"]["transports"] = None
    return {**answer, "authenticatorAttachment": "roaming", "clientExtensionResults": None}


def _spelled(answer: Any, spelled: Any) -> Any:
    response = {
        name: spelled(told) if isinstance(told, str) else told
        for name, told in answer["response"].items()
    }
    ids = {name: spelled(answer[name]) for name in ("id", "rawId")}
    return {**answer, **ids, "response": response}


OTHER_SPELLINGS = [
    padded,
    in_plain_base64,
    without_id,
    without_raw_id,
    with_the_least,
    with_nothing_known,
]
"""Answers as password managers and libraries write them, which say the same as a browser's."""
