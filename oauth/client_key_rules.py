"""What the algorithms and keys of a client must fit, so that it can work at all.

Of keys that are published at an address nothing is known until they are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from . import jwk_set
from .client_metadata import ENCRYPTED, HMAC_ALG
from .jwk import ALGORITHMS

if TYPE_CHECKING:
    from .models import Client

KEYS_OF_ITS_OWN = ("private_key_jwt", "self_signed_tls_client_auth")
"""The methods that need the client's public keys."""

Fits = Callable[[Any, str], bool]


def problems(client: Client) -> Iterator[tuple[str, str]]:
    """The name and what is wrong with its value, in words, for each that could never work.

    The metadata of ``client`` are right by themselves (``client_metadata.problems``).
    """
    yield from _problems_with_assertions(client)
    jwks = client.registered("jwks")
    if jwks is None:
        return
    for name, algs, fits in _uses(client):
        if not any(fits(jwks, alg) for alg in algs):
            yield (
                "jwks",
                _("no key for %(use)s by %(algs)s") % {"use": name, "algs": ", ".join(algs)},
            )


def _problems_with_assertions(client: Client) -> Iterator[tuple[str, str]]:
    """Each method has algorithms of its own (RFC 8725 §2.1)."""
    name = "token_endpoint_auth_signing_alg"
    alg = client.registered(name)
    signing = {"private_key_jwt", "client_secret_jwt"} & {*client.token_endpoint_auth_methods}
    method = "client_secret_jwt" if alg == HMAC_ALG else "private_key_jwt"
    if alg and signing and method not in signing:
        yield name, _("%(alg)s is for “%(method)s”") % {"alg": alg, "method": method}


def _uses(client: Client) -> Iterator[tuple[str, tuple[str, ...], Fits]]:
    """What the client's keys are for: one of the algorithms has to fit one of them."""
    assertions = client.registered("token_endpoint_auth_signing_alg")
    for method in KEYS_OF_ITS_OWN:
        if method in client.token_endpoint_auth_methods:
            one = assertions if method == "private_key_jwt" else ""
            yield method, (one,) if one not in ("", HMAC_ALG) else ALGORITHMS, jwk_set.signs
    if alg := client.registered("request_object_signing_alg"):
        yield "request objects", (alg,), jwk_set.signs
    for answer in ENCRYPTED:
        if alg := client.registered(f"{answer}_encrypted_response_alg"):
            yield f"{answer}_encrypted_response_alg", (alg,), jwk_set.encrypts
