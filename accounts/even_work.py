"""A failed sign-in costs the same whoever's account it was about, imported ones too (SECURITY C1).

The hash of an imported account is of another kind than ours, and takes another time. So as long as
there are such hashes, every failed sign-in computes one of each kind: the one that was looked at,
and stand-ins for the others. Of PBKDF2 with one digest, it computes as many rounds as the dearest.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from typing import Any

from django.contrib import auth
from django.contrib.auth.hashers import identify_hasher, make_password
from django.http import HttpRequest

from .conf import accounts_settings
from .hash_kinds import PBKDF2, USUAL, family_of, noted, stand_in
from .models import ImportedHashKind

log = logging.getLogger(__name__)


def authenticate(request: HttpRequest, *, username: str, password: str) -> Any:
    """Django's ``authenticate``; a failure takes the same hash computations in every case."""
    with noted() as done:
        user = auth.authenticate(request, username=username, password=password)
    if user is None:
        _tell_of_missing_key(done)
        make_up(done, password, ImportedHashKind.objects.values_list("kind", flat=True))
    return user


def make_up(done: list[str], password: str, imported: Iterable[str]) -> None:
    """Compute what a failed sign-in on another account would have computed besides: of the password
    that was typed, since some passwords are tried in two spellings (``hashing.spellings``)."""
    if done and USUAL not in done:
        make_password(secrets.token_hex(8))
    for family, dearest in _dearest(imported).items():
        looked_at = next((kind for kind in done if family_of(kind) == family), "")
        rounds = _rounds(dearest) - _rounds(looked_at)
        if not looked_at or rounds > 0:
            encoded = stand_in(f"{family}${rounds}" if family in PBKDF2 else dearest)
            identify_hasher(encoded).verify(password, encoded)


def _dearest(kinds: Iterable[str]) -> dict[str, str]:
    """Of each family the kind with the most rounds."""
    return {family_of(kind): kind for kind in sorted(kinds, key=_rounds)}


def _rounds(kind: str) -> int:
    algorithm, _, rounds = kind.partition("$")
    return int(rounds) if algorithm in PBKDF2 else 0


def _tell_of_missing_key(looked_at: Iterable[str]) -> None:
    """Log that it is not the person's fault: of who came from Firebase, and of nobody else."""
    from_firebase = any(kind.startswith("firebase$") for kind in looked_at)
    if from_firebase and not accounts_settings.FIREBASE_SIGNER_KEY:
        log.error("Users imported from Firebase can’t sign in: FIREBASE_SIGNER_KEY isn’t set.")
