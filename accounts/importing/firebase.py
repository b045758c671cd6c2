"""Firebase Authentication: ``firebase auth:export users.json``."""

from __future__ import annotations

from typing import Any, BinaryIO

from ..conf import accounts_settings
from . import hashes, streams
from .person import Person, claims_in, inners, milliseconds, text, truth


def records(file: BinaryIO) -> streams.Records:
    """The users of the project."""
    return streams.array(file, "users.item")


def person(user: dict[str, Any], names: dict[str, str]) -> Person:
    """What a user of the project is here. ``names`` maps further keys to claims."""
    own = {"displayName": "name", "photoUrl": "picture", **names}
    found = Person(
        external_id=text(user, "localId"),
        email=text(user, "email"),
        email_verified=truth(user, "emailVerified", default=False),
        is_active=not truth(user, "disabled", default=False),
        claims=claims_in(user, own, keys=()),
        joined=milliseconds(user, "createdAt"),
    )
    if user.get("mfaInfo"):
        found.note("second_factor_left", "Second factors are not taken over.")
    if {text(one, "providerId") for one in inners(user, "providerUserInfo")} - {"password"}:
        found.note("identity_left", "The sign-in through another system is not taken over.")
    if user.get("passwordHash"):
        found.take_password(
            lambda: hashes.firebase(
                accounts_settings.FIREBASE_ROUNDS,
                accounts_settings.FIREBASE_MEMORY_COST,
                hashes.binary(user.get("salt")),
                hashes.binary(user["passwordHash"]),
            )
        )
    return found
