"""Signing keys: made, loaded, published, used and rotated (RFC 7517, RFC 7638).

Each process keeps the loaded keys and asks the database at most every ``RECHECK_SECONDS`` whether
they are still the ones, so that a rotation, planned or for a stolen key, holds everywhere within
that time, and no request waits for a key to be parsed.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from jwt.algorithms import get_default_algorithms

from .client_metadata import SIGNING_ALGS
from .jwk import thumbprint
from .models import SigningKey

RECHECK_SECONDS = 5
RSA_BITS = 2048
LEEWAY_SECONDS = 10
"""By how much the clocks of our own machines may differ."""
State = SigningKey.State
_ALGORITHMS = get_default_algorithms()


@dataclass(frozen=True, repr=False)
class LoadedKey:
    """A key ready to sign: its algorithm, its ``kid``, and the parsed private key."""

    kid: str
    alg: str
    private_key: Any


@dataclass(frozen=True, repr=False)
class KeySet:
    """The keys of one moment."""

    active: dict[str, LoadedKey] = field(default_factory=dict)
    public_jwks: dict[str, dict[str, Any]] = field(default_factory=dict)
    verifiers: dict[str, tuple[str, Any]] = field(default_factory=dict)
    version: tuple[tuple[str, str], ...] = ()

    def jwks(self) -> dict[str, Any]:
        """The JWK Set to publish (RFC 7517 §5): public members only."""
        return {"keys": list(self.public_jwks.values())}


# --- making ------------------------------------------------------------------------------------


def generate(alg: str) -> Any:
    """A new private key for ``alg``. Raises ``ValueError``."""
    if alg in ("RS256", "PS256"):
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    if alg == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if alg == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    raise ValueError(f"{alg} is not an algorithm we sign with")


def public_jwk(private_key: Any, alg: str) -> dict[str, Any]:
    """The public JWK, with its thumbprint as ``kid``."""
    jwk: dict[str, Any] = json.loads(_ALGORITHMS[alg].to_jwk(private_key.public_key()))
    jwk.pop("key_ops", None)
    return {**jwk, "use": "sig", "alg": alg, "kid": thumbprint(jwk)}


def make(alg: str, state: str) -> SigningKey:
    """Make and store a key pair. Raises ``IntegrityError`` if that state is taken for ``alg``."""
    private_key = generate(alg)
    jwk = public_jwk(private_key, alg)
    return SigningKey.objects.create(
        kid=jwk["kid"],
        alg=alg,
        public_jwk=jwk,
        private_key=private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        state=state,
        activated_at=timezone.now() if state == State.ACTIVE else None,
    )


def ensure(algs: Iterable[str] = SIGNING_ALGS) -> None:
    """See that each algorithm has an active and a next key (at first start, and after a rotation).

    Two processes may try at once: the database lets one of them make each key.
    """
    present = set(SigningKey.objects.values_list("alg", "state"))
    for alg in algs:
        for state in (State.ACTIVE, State.NEXT):
            if (alg, state.value) not in present:
                try:
                    with transaction.atomic():
                        make(alg, state)
                except IntegrityError:
                    continue


# --- loading -----------------------------------------------------------------------------------

_lock = threading.Lock()
_cached = KeySet()
_checked_at = 0.0


def _load(rows: list[SigningKey]) -> KeySet:
    active = {
        row.alg: LoadedKey(row.kid, row.alg, load_der_private_key(row.private_key, None))
        for row in rows
        if row.state == State.ACTIVE
    }
    return KeySet(
        active=active,
        public_jwks={row.kid: row.public_jwk for row in rows},
        verifiers={
            row.kid: (row.alg, _ALGORITHMS[row.alg].from_jwk(row.public_jwk)) for row in rows
        },
        version=_version(rows),
    )


def _version(rows: list[SigningKey]) -> tuple[tuple[str, str], ...]:
    return tuple((row.kid, row.state) for row in rows)


def keyset() -> KeySet:
    """The keys in force; from memory unless ``RECHECK_SECONDS`` have passed."""
    global _cached, _checked_at
    if _cached.active and time.monotonic() - _checked_at < RECHECK_SECONDS:
        return _cached
    with _lock:
        rows = list(SigningKey.objects.order_by("alg", "-id"))
        if {row.alg for row in rows if row.state == State.ACTIVE} < set(SIGNING_ALGS):
            ensure()
            rows = list(SigningKey.objects.order_by("alg", "-id"))
        if _version(rows) != _cached.version:
            _cached = _load(rows)
        _checked_at = time.monotonic()
        return _cached


def forget() -> None:
    """Ask the database again at the next use (after a change in this process)."""
    global _checked_at
    _checked_at = 0.0


# --- using -------------------------------------------------------------------------------------


def sign(claims: dict[str, Any], *, alg: str, typ: str) -> str:
    """A JWT of ``claims``, signed by the active key of ``alg`` (RFC 7515)."""
    key = keyset().active[alg]
    return jwt.encode(
        claims, key.private_key, algorithm=key.alg, headers={"kid": key.kid, "typ": typ}
    )


def verify(
    token: str, *, typ: str, issuer: str, audience: str | None, verify_exp: bool = True
) -> dict[str, Any]:
    """The claims of a JWT of ours. Raises ``jwt.InvalidTokenError`` (RFC 8725).

    The algorithm is the key's own, never the token's word for it; an unknown ``kid`` or another
    ``typ`` is refused, so that an ID token never passes for an access token. ``audience=None``
    leaves ``aud`` to the caller.
    """
    header = header_of(token)
    known = keyset().verifiers.get(str(header.get("kid")))
    if known is None:
        raise jwt.InvalidTokenError("unknown kid")
    if str(header.get("typ", "")).lower() != typ.lower():
        raise jwt.InvalidTokenError("another type of token")
    alg, public_key = known
    return decode(token, public_key, alg, issuer=issuer, audience=audience, verify_exp=verify_exp)


def header_of(token: str) -> dict[str, Any]:
    """The header of a JWT, which proves nothing yet. Raises ``jwt.InvalidTokenError``."""
    try:
        header: dict[str, Any] = jwt.get_unverified_header(token)
    except RecursionError:
        raise jwt.InvalidTokenError("nested too deeply") from None
    return header


def decode(
    token: str, key: Any, alg: str, *, issuer: str, audience: str | None, verify_exp: bool
) -> dict[str, Any]:
    """The claims of a JWT of this server, signed with ``key`` by ``alg`` and no other. Raises
    ``jwt.InvalidTokenError``; ``audience=None`` leaves ``aud`` to the caller."""
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[alg],
        issuer=issuer,
        audience=audience,
        leeway=LEEWAY_SECONDS,
        options={
            "require": ["exp", "iat", "iss", "sub", "aud"],
            "verify_exp": verify_exp,
            "verify_aud": audience is not None,
        },
    )
    return claims


# --- rotating ----------------------------------------------------------------------------------


def _locked(alg: str) -> QuerySet[SigningKey]:
    """The keys of ``alg``, locked. Read them anew: who waited for the lock then sees the states
    that the rotation before has left."""
    of_alg = SigningKey.objects.filter(alg=alg)
    list(of_alg.select_for_update().order_by("id"))
    return of_alg


def rotate(alg: str) -> SigningKey:
    """Let the next key of ``alg`` sign, retire the active one, publish a new next one.

    Returns the key that signs now. The next key has been published since the rotation before, so
    every verifier knows it already.
    """
    ensure([alg])
    with transaction.atomic():
        of_alg = _locked(alg)
        retiring, rising = of_alg.get(state=State.ACTIVE), of_alg.get(state=State.NEXT)
        now = timezone.now()
        retiring.state, retiring.retired_at = State.RETIRED, now
        retiring.save(update_fields=["state", "retired_at"])
        rising.state, rising.activated_at = State.ACTIVE, now
        rising.save(update_fields=["state", "activated_at"])
        make(alg, State.NEXT)
    forget()
    return rising


def remove_retired(longest_lifetime: timedelta) -> int:
    """Delete retired keys once every token they signed has expired. Returns how many."""
    over = SigningKey.objects.filter(
        state=State.RETIRED, retired_at__lt=timezone.now() - longest_lifetime
    )
    removed, _ = over.delete()
    forget()
    return removed


def revoke(kid: str) -> None:
    """Stop publishing and using a key at once: what it signed is refused from now on.

    If it was the active key, the next one signs instead. Raises ``SigningKey.DoesNotExist``.
    """
    with transaction.atomic():
        key = _locked(SigningKey.objects.get(kid=kid).alg).get(kid=kid)
        if key.state == State.ACTIVE:
            rotate(key.alg)
        key.delete()
        ensure([key.alg])
    forget()
