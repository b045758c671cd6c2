"""A client that signs who it is: ``private_key_jwt``, or by the secret that we share with it
``client_secret_jwt`` (RFC 7523 §2.2, OIDC Core §9)."""

from __future__ import annotations

import functools
import secrets
import time
from collections.abc import Collection
from typing import Any

import jwt

from . import client_keys, keys, replay, security_profile
from .client_metadata import CLIENT_SIGNING_ALGS, HMAC_ALG
from .explanation import printable
from .issuer import endpoint, issuer
from .jwk import canonical
from .models import Client

METHODS = {**dict.fromkeys(CLIENT_SIGNING_ALGS, "private_key_jwt"), HMAC_ALG: "client_secret_jwt"}
"""By the algorithm of the signature: each method has keys of its own, so that what is public can
never be taken for a shared secret (RFC 8725 §2.1)."""
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TYPS = ("", "jwt", "client-authentication+jwt")
"""What an assertion may say it is; nothing that another kind of token of the client says."""
MAX_SECONDS = 3600
"""The longest that an assertion may live: so long its ``jti`` is remembered."""
END_OF_TIME = 2**53
FAILED = "Client authentication failed."
SIGNATURE_ALONE = {
    f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
}
"""What else an assertion says is looked at before, in words of our own."""


class AssertionRefused(Exception):
    """The text may be told to whoever showed the assertion; ``reason`` is for the log alone."""

    def __init__(self, words: str, reason: str = "") -> None:
        super().__init__(words)
        self.reason = reason or words


def claimed(assertion: str) -> tuple[str, str]:
    """By which method an assertion authenticates, and which client it says it is of, unverified.
    Raises ``AssertionRefused``."""
    header, claims = _unverified(assertion)
    alg, client_id = header.get("alg"), claims.get("sub")
    method = METHODS.get(str(alg))
    if method is None:
        raise AssertionRefused(f"The alg of a client assertion is not {printable(str(alg))}.")
    if not isinstance(client_id, str) or not client_id.isascii():
        raise AssertionRefused("The client assertion has no usable sub.")
    return method, client_id


def _unverified(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        parts = jwt.decode_complete(assertion, options={"verify_signature": False})
    except (jwt.PyJWTError, RecursionError):
        raise AssertionRefused("The client assertion is not a JWT.") from None
    return parts["header"], parts["payload"]


def check(client: Client, assertion: str, *, at: str) -> None:
    """Hold an assertion against RFC 7523 §3: made by ``client`` for us, at the endpoint whose URL
    name is ``at``, and used for the first time. It is used up by this.

    Raises ``AssertionRefused``. What the assertion says of itself is told to whoever sent it. What
    we know of the client is not: only who has a key of the client learns more.
    """
    header, claims = _unverified(assertion)
    _check_form(header, claims)
    _check_times(claims, time.time())
    aud, ours = claims["aud"], (issuer(), *map(endpoint, {"token", "par", at}))
    if not _is_for(aud, ours):
        allowed = " or ".join(dict.fromkeys((issuer(), endpoint("token"), endpoint(at))))
        raise AssertionRefused(
            f"The aud of the client assertion is {printable(str(aud))}. It must be {allowed}."
        )
    _check_signature(client, assertion, header)
    if security_profile.is_fapi2(client) and aud != issuer():
        # FAPI 2.0 Security Profile §5.3.2.1: as a string, and no other
        raise AssertionRefused("FAPI 2.0: the aud of the client assertion is the issuer, a string.")
    if claims["iss"] != client.client_id:
        raise AssertionRefused(FAILED, "of another client")
    if not replay.first_use(
        "client_assertion",
        f"{client.client_id} {claims['jti']}",
        claims["exp"] + client_keys.LEEWAY_SECONDS,
    ):
        raise AssertionRefused("The jti of the client assertion was used before.")


def _check_form(header: dict[str, Any], claims: dict[str, Any]) -> None:
    """What an assertion says of itself, whoever it is of. Raises ``AssertionRefused``."""
    if str(header.get("typ", "")).lower() not in TYPS:
        raise AssertionRefused(f"The typ of a client assertion is {' or '.join(TYPS[1:])}.")
    missing = [name for name in ("iss", "sub", "aud", "exp", "jti") if not claims.get(name)]
    if missing:
        raise AssertionRefused(f"The client assertion lacks {', '.join(missing)}.")
    if claims["iss"] != claims["sub"]:
        raise AssertionRefused("iss and sub of the client assertion are not both the client_id.")
    if not isinstance(claims["jti"], str):
        raise AssertionRefused("The jti of the client assertion is not a text.")
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name, 0)
        if type(value) not in (int, float) or not abs(value) < END_OF_TIME:
            raise AssertionRefused(f"The {name} of the client assertion is not a time in seconds.")


def _check_times(claims: dict[str, Any], now: float) -> None:
    """With a leeway at both ends, for clocks that differ. Raises ``AssertionRefused``."""
    leeway = client_keys.LEEWAY_SECONDS
    if claims["exp"] + leeway <= now:
        late = int(now - claims["exp"])
        raise AssertionRefused(f"The client assertion expired {late} seconds ago, by our clock.")
    if claims["exp"] > now + MAX_SECONDS + leeway:
        raise AssertionRefused(f"The exp of the client assertion is over {MAX_SECONDS} s ahead.")
    for name in ("iat", "nbf"):
        if (ahead := claims.get(name, 0) - now) > leeway:
            raise AssertionRefused(
                f"The {name} of the client assertion is {int(ahead)} seconds ahead of our clock; "
                f"{leeway} are allowed."
            )


def _check_signature(client: Client, assertion: str, header: dict[str, Any]) -> None:
    """By a key of the client with an algorithm that it may use. Raises ``AssertionRefused``, with
    the same words for whatever else is known of the client.

    Where it has no key that could be meant, one that nobody holds is tried, so that the time of a
    refusal does not tell whether there is such a client.
    """
    alg, kid = header["alg"], header.get("kid")
    keys_of_client, lack = _keys(client, alg, kid)
    try:
        client_keys.signed_by_one_of(
            keys_of_client or [_key_of_nobody(alg)], assertion, alg=alg, options=SIGNATURE_ALONE
        )
    except (jwt.PyJWTError, RecursionError, OverflowError):
        words = FAILED
        if alg != HMAC_ALG:
            of_kid = f" and kid {printable(kid)}" if kid else ""
            words = (
                "The client assertion is signed by no key that the client has registered for "
                f"{METHODS[alg]} with alg {alg}{of_kid}."
            )
        raise AssertionRefused(words, lack or "wrong signature") from None


def _keys(client: Client, alg: str, kid: str | None) -> tuple[list[Any], str]:
    """What may have made a signature of ``alg`` for ``client``, or why there is none: keys of that
    method alone, and no key is fetched for a method or an algorithm that the client is not
    registered for."""
    registered = canonical(client.registered("token_endpoint_auth_signing_alg"))
    if METHODS[alg] not in client.auth_methods:
        return [], f"not registered for {METHODS[alg]}"
    if registered not in ("", canonical(alg)):
        return [], f"registered for alg {registered}"
    if alg == HMAC_ALG:
        return client.shared_secrets(), ""
    if alg not in security_profile.signing_algs(client):
        return [], f"alg {alg} is not of its security profile"
    found = client_keys.find(client, alg=alg, kid=kid)
    return found, "" if found else "no registered key of this alg and kid"


@functools.cache
def _key_of_nobody(alg: str) -> Any:
    return secrets.token_hex() if alg == HMAC_ALG else keys.generate(canonical(alg)).public_key()


def _is_for(audience: Any, ours: Collection[str]) -> bool:
    """Whether every audience is this server: one that names another too could be used there.

    ``ours`` are the issuer, the token endpoint and the endpoint that is called (RFC 7523 §3), and
    the pushed authorization request endpoint, by which RFC 9126 §2 has this server known.
    """
    audiences = audience if isinstance(audience, list) else [audience]
    return all(each in ours for each in audiences)
