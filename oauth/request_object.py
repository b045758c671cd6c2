"""Signed authorization requests, JAR (RFC 9101, OIDC Core §6), by value.

The parameters are the claims of a JWT that the client signs with a key of its own; what stands
beside it in the request counts for nothing. A ``request_uri`` to fetch it from is not taken: push
the object instead (RFC 9126), and this server never has to call an address that a request names.
"""

from __future__ import annotations

import json
import math
import time
from typing import Any

import jwt
from django.http import QueryDict
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError
from oauthlib.openid.connect.core.exceptions import InvalidRequestObject

from . import client_keys, security_profile
from .client_keys import LEEWAY_SECONDS
from .client_metadata import CLIENT_SIGNING_ALGS
from .issuer import issuer
from .jwk import canonical
from .models import Client
from .parameters import REPEATABLE, only

ALGORITHMS = CLIENT_SIGNING_ALGS
"""``none`` is not among them."""
TYPS = ("", "jwt", "oauth-authz-req+jwt", "application/oauth-authz-req+jwt")
"""What an object may say it is; nothing that another kind of token of the client says (§10.8)."""
MAX_SECONDS = 3600
"""The longest that an object may live that says when it ends, from when it is first seen."""
MAX_LENGTH = 50_000
OF_FAPI = ("exp", "nbf", "client_id")
"""What an object has to say of a client of FAPI 2.0 (Message Signing §5.3.1)."""
ABOUT_THE_JWT = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})
"""Claims that are no parameters of the request."""


def parameters(
    client: Client, signed: str, beside: QueryDict, *, seen_at: float | None = None
) -> QueryDict:
    """The parameters of a request object that ``client`` made for us (§6). ``client_id`` may stand
    beside it alone, and ``exp`` nowhere, unless the client's profile wants them (OIDC Core §6.1,
    RFC 9101 §4).

    ``beside`` is what the request holds outside of it; ``seen_at`` (Unix time) is when this very
    request was first taken, ``None`` for now. Raises ``InvalidRequestObject``, and
    ``InvalidRequestError`` where what stands beside it contradicts.
    """
    try:
        said = _signed(client, signed)
        claims = {name: value for name, value in said.items() if value is not None}
        _check(claims, client, time.time() if seen_at is None else seen_at)
        params = _as_parameters({"client_id": client.client_id, **claims})
    except (jwt.PyJWTError, RecursionError, OverflowError, UnicodeEncodeError) as problem:
        raise InvalidRequestObject(
            description=f"The request object is not valid: {_plain(problem)}."
        ) from None
    for name in ("client_id", "response_type"):  # OIDC Core §6.1
        if only(beside, name) not in ("", only(params, name)):
            raise InvalidRequestError(description=f"{name} differs from the request object.")
    return params


def _plain(problem: Exception) -> str:
    """What went wrong, in the characters of an error description (RFC 6749 §5.2)."""
    if not isinstance(problem, jwt.PyJWTError):
        return "malformed"
    return "".join(c for c in str(problem)[:100] if " " <= c <= "~" and c not in '"\\') or "refused"


def _signed(client: Client, signed: str) -> dict[str, Any]:
    if len(signed) > MAX_LENGTH:
        raise jwt.InvalidTokenError("too long")
    if signed.count(".") == 4:
        raise jwt.InvalidTokenError("encrypted ones are not supported")
    header = jwt.get_unverified_header(signed)
    alg = header.get("alg")
    registered = canonical(client.registered("request_object_signing_alg"))
    if alg not in security_profile.signing_algs(client) or registered not in ("", canonical(alg)):
        raise jwt.InvalidAlgorithmError(f"its alg {alg} is not one of this client")
    if str(header.get("typ", "")).lower() not in TYPS:
        raise jwt.InvalidTokenError("another type of token")
    return client_keys.signed_by_one_of(
        client_keys.find(client, alg=alg, kid=header.get("kid")),
        signed,
        alg=alg,
        options={
            "require": ["iss", "aud", *(OF_FAPI if security_profile.is_fapi2(client) else ())],
            "verify_aud": False,
            # Held against the time at which the request was first seen, below.
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
            "verify_sub": False,
            "verify_jti": False,
        },
    )


def _check(claims: dict[str, Any], client: Client, now: float) -> None:
    """Raise ``jwt.InvalidTokenError`` unless the claims say: by this client, for us, for now."""
    if any(claims[name] != client.client_id for name in ("iss", "client_id") if name in claims):
        raise jwt.InvalidIssuerError("iss and client_id are not this client")
    audience = claims["aud"]
    if issuer() not in (audience if isinstance(audience, list) else [audience]):
        raise jwt.InvalidAudienceError(f"aud is not {issuer()}")
    if "request" in claims or "request_uri" in claims:
        raise jwt.InvalidTokenError("request and request_uri have no place in it")
    if claims.get("sub") == client.client_id:  # could be an assertion of who the client is (§10.8)
        raise jwt.InvalidTokenError("sub is the client")
    exp, nbf = _time(claims.get("exp", now)), _time(claims.get("nbf", 0))
    if now >= exp + LEEWAY_SECONDS:
        raise jwt.ExpiredSignatureError(f"it expired {int(now - exp)} seconds ago")
    if exp > now + MAX_SECONDS + LEEWAY_SECONDS:
        raise jwt.InvalidTokenError("exp is more than an hour ahead")
    if nbf > now + LEEWAY_SECONDS:
        raise jwt.ImmatureSignatureError(f"nbf is {int(nbf - now)} seconds ahead")
    if security_profile.is_fapi2(client):  # FAPI 2.0 Message Signing §5.3.1
        if nbf < now - MAX_SECONDS - LEEWAY_SECONDS:
            raise jwt.InvalidTokenError("nbf is more than an hour ago")
        if exp > nbf + MAX_SECONDS:
            raise jwt.InvalidTokenError("exp is more than an hour after nbf")


def _time(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise jwt.DecodeError("exp and nbf are numbers")
    return float(value)


def _as_parameters(claims: dict[str, Any]) -> QueryDict:
    """The claims as they would stand in a query; what is no text stands there as JSON (§4)."""
    params = QueryDict(mutable=True)
    for name, value in claims.items():
        if name in ABOUT_THE_JWT:
            continue
        values = value if name in REPEATABLE and isinstance(value, list) else [value]
        params.setlist(
            name, [each if isinstance(each, str) else json.dumps(each) for each in values]
        )
    params.urlencode().encode()  # a half of a surrogate pair can be neither stored nor sent
    return params
