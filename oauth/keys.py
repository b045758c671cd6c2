"""Signing keys: made, loaded, published and rotated (RFC 7517, RFC 7638), or, where
``OSTIARY_OAUTH["SIGNER"]`` holds them, published.

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

from . import signer
from .client_metadata import SIGNING_ALGS
from .conf import oauth_settings
from .jwk import thumbprint
from .models import SigningKey

RECHECK_SECONDS = 1
"""For so long at most a process goes on with keys that another has changed."""
SIGNER_RECHECK_SECONDS = 5
"""The same where a signer has them, which may count, or charge for, each question."""
RSA_BITS = 2048
PUBLISHED_BEFORE = timedelta(hours=1)
"""For so long a key is published before a scheduled rotation lets it sign: longer than anybody may
keep the key set."""
State = SigningKey.State
_ALGORITHMS = get_default_algorithms()


@dataclass(frozen=True, repr=False)
class LoadedKey:
    """A key ready to sign: its algorithm, its ``kid``, and the parsed private key; ``None`` where
    the signer has that."""

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
    source: str = ""
    """Which signer they are of; empty for the database."""

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
    return _store(generate(alg), alg, state)


def _store(private_key: Any, alg: str, state: str, kid: str | None = None) -> SigningKey:
    jwk = public_jwk(private_key, alg)
    jwk["kid"] = kid or jwk["kid"]
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
    if _is_fresh():
        return _cached
    with _lock:
        if _is_fresh():  # another thread has just looked
            return _cached
        asked_at = time.monotonic()  # what changes while the answer is on its way is not in it
        if signer.is_configured():
            _cached, _checked_at = _of_signer(_cached), asked_at
            return _cached
        rows = list(SigningKey.objects.order_by("alg", "-id"))
        if {row.alg for row in rows if row.state == State.ACTIVE} < set(SIGNING_ALGS):
            ensure()
            rows = list(SigningKey.objects.order_by("alg", "-id"))
        if _version(rows) != _cached.version:
            _cached = _load(rows)
        _checked_at = asked_at
        return _cached


def known() -> KeySet | None:
    """The keys in force, if they are known without asking anybody."""
    return _cached if _is_fresh() else None


def _is_fresh() -> bool:
    most = SIGNER_RECHECK_SECONDS if signer.is_configured() else RECHECK_SECONDS
    return bool(_cached.active) and time.monotonic() - _checked_at < most


def _of_signer(known: KeySet) -> KeySet:
    """The keys of the signer. While it is away those of before are published, and verify.

    Raises ``SignerUnavailableError`` where there are none of before.
    """
    try:
        jwks = signer.public_jwks()
    except signer.SignerUnavailableError:
        if known.source != oauth_settings.SIGNER:
            raise
        return known
    active: dict[str, LoadedKey] = {}
    for jwk in jwks:
        active.setdefault(jwk["alg"], LoadedKey(jwk["kid"], jwk["alg"], None))
    return KeySet(
        active=active,
        public_jwks={jwk["kid"]: jwk for jwk in jwks},
        verifiers={jwk["kid"]: (jwk["alg"], _ALGORITHMS[jwk["alg"]].from_jwk(jwk)) for jwk in jwks},
        source=oauth_settings.SIGNER,
    )


def algorithms() -> list[str]:
    """The algorithms that this server can sign with now."""
    return [alg for alg in SIGNING_ALGS if alg in keyset().active]


def forget() -> None:
    """Ask the database again at the next use (after a change in this process)."""
    global _checked_at
    _checked_at = 0.0


# --- using -------------------------------------------------------------------------------------


class NoSuchAlgorithmError(signer.SignerUnavailableError):
    """The signer has no key of the algorithm that the client is registered for."""

    error = "server_error"
    status_code = 500
    description = "This server has no key for the algorithm of this client."


def active(alg: str) -> LoadedKey:
    """The key that signs by ``alg`` now. Raises ``NoSuchAlgorithmError`` or
    ``SignerUnavailableError``, with a signer only."""
    key = keyset().active.get(alg)
    if key is None:
        raise NoSuchAlgorithmError
    return key


# --- rotating ----------------------------------------------------------------------------------


def _locked(alg: str) -> QuerySet[SigningKey]:
    """The keys of ``alg``, locked. Read them anew: who waited for the lock then sees the states
    that the rotation before has left."""
    of_alg = SigningKey.objects.filter(alg=alg)
    list(of_alg.select_for_update().order_by("id"))
    return of_alg


class KeysAreElsewhereError(Exception):
    """The signer holds the keys, and changes them itself."""

    def __init__(self) -> None:
        super().__init__("The keys are with OSTIARY_OAUTH['SIGNER']: change them there.")


def _check_ours() -> None:
    if signer.is_configured():
        raise KeysAreElsewhereError


def rotate(alg: str) -> SigningKey:
    """Let the next key of ``alg`` sign, retire the active one, publish a new next one.

    Returns the key that signs now. The next key has been published since the rotation before, so
    every verifier knows it already. Raises ``KeysAreElsewhereError``.
    """
    _check_ours()
    ensure([alg])
    with transaction.atomic():
        rising = _advance(_locked(alg), alg)
    forget()
    return rising


def _advance(of_alg: QuerySet[SigningKey], alg: str) -> SigningKey:
    rising = of_alg.get(state=State.NEXT)
    _retire(of_alg)
    rising.state, rising.activated_at = State.ACTIVE, timezone.now()
    rising.save(update_fields=["state", "activated_at"])
    make(alg, State.NEXT)
    return rising


def _retire(of_alg: QuerySet[SigningKey]) -> None:
    of_alg.filter(state=State.ACTIVE).update(state=State.RETIRED, retired_at=timezone.now())


def rotate_due(most: timedelta) -> list[SigningKey]:
    """Rotate each algorithm whose key has signed for longer than ``most``; returns the keys that
    sign now. Who comes at the same time finds nothing left to do.

    A next key that was published just now waits: verifiers may not know it yet.
    """
    if signer.is_configured():
        return []
    now, risen = timezone.now(), []
    for alg in SIGNING_ALGS:
        with transaction.atomic():
            of_alg = _locked(alg)
            due = of_alg.filter(state=State.ACTIVE, activated_at__lt=now - most)
            known = of_alg.filter(state=State.NEXT, created_at__lt=now - PUBLISHED_BEFORE)
            if due.exists() and known.exists():
                risen.append(_advance(of_alg, alg))
    forget()
    return risen


def take(private_key: Any, alg: str, *, kid: str | None, activate: bool) -> SigningKey:
    """Store a key that was made elsewhere, as the next one of ``alg``, in place of that, which has
    signed nothing; or let it sign at once, and retire the active one.

    Raises ``IntegrityError`` where it is known already, ``KeysAreElsewhereError``.
    """
    _check_ours()
    ensure([alg])
    with transaction.atomic():
        of_alg = _locked(alg)
        if activate:
            _retire(of_alg)
        else:
            of_alg.filter(state=State.NEXT).delete()
        taken = _store(private_key, alg, State.ACTIVE if activate else State.NEXT, kid)
    forget()
    return taken


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

    If it was the active key, the next one signs instead. Raises ``SigningKey.DoesNotExist`` or
    ``KeysAreElsewhereError``.
    """
    _check_ours()
    with transaction.atomic():
        key = _locked(SigningKey.objects.get(kid=kid).alg).get(kid=kid)
        if key.state == State.ACTIVE:
            rotate(key.alg)
        key.delete()
        ensure([key.alg])
    forget()
