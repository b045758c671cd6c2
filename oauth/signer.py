"""The keys of this server elsewhere: in an HSM, a KMS, or another process.

``OSTIARY_OAUTH["SIGNER"]`` names a class by dotted path. It is made once per process, with no
arguments, and used from many threads. Private keys then never come near this process or its
database; rotation is the signer's own.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from django.core.signals import setting_changed
from django.utils.module_loading import import_string
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from . import jwk
from .conf import oauth_settings

log = logging.getLogger(__name__)
T = TypeVar("T")


class Signer(Protocol):
    """What the class offers. Whatever either method raises means: not now."""

    def public_jwks(self) -> list[dict[str, Any]]:
        """The public keys as JWKs with ``kid`` and ``alg``. Of each algorithm the first signs; the
        others are published: those to come, and those that have signed what is still in use."""
        ...

    def sign(self, kid: str, alg: str, signing_input: bytes) -> bytes:
        """The signature over ``signing_input`` in the form of RFC 7518 §3: for ES256 the 64 bytes
        of R and S, not DER."""
        ...


class SignerUnavailableError(OAuth2Error):  # type: ignore[misc]  # oauthlib is untyped
    """The keys can't be used now: who asks may try again (RFC 6749 §4.1.2.1)."""

    error = "temporarily_unavailable"
    status_code = 503
    description = "The server can't sign at the moment."


@functools.cache
def _made(path: str) -> Signer:
    made: Signer = import_string(path)()
    return made


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "OSTIARY_OAUTH":
        _made.cache_clear()


setting_changed.connect(_forget)


def is_configured() -> bool:
    """Whether the keys are elsewhere."""
    return bool(oauth_settings.SIGNER)


def public_jwks() -> list[dict[str, Any]]:
    """The keys to publish, with nothing private, whatever the signer says.

    Raises ``SignerUnavailableError``, also where one of them is no key for its algorithm.
    """

    def checked() -> list[dict[str, Any]]:
        found = []
        for each in _made(oauth_settings.SIGNER).public_jwks():
            if each["alg"] not in jwk.ALGORITHMS:
                raise ValueError(
                    f"its key {each['kid']!r} is for {each['alg']!r}, and those that sign here are "
                    f"for {', '.join(jwk.ALGORITHMS)}"
                )
            jwk.public_key(each, each["alg"])
            names = {"kid": str(each["kid"]), "alg": each["alg"], "use": "sig"}
            found.append({**jwk.public_members(each), **names})
        if not found:
            raise ValueError("it has no keys")
        return found

    return _asked(checked)


def sign(kid: str, alg: str, signing_input: bytes) -> bytes:
    """A signature. Raises ``SignerUnavailableError``."""
    return _asked(lambda: _made(oauth_settings.SIGNER).sign(kid, alg, signing_input))


def _asked(question: Callable[[], T]) -> T:
    try:
        return question()
    except Exception as problem:  # the class is not ours: nothing of it may become a 500
        log.error("the signer failed: %s: %s", type(problem).__name__, problem)
        raise SignerUnavailableError from problem
