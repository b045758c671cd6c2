"""Firebase Authentication: ``firebase auth:export users.json``."""

from __future__ import annotations

from typing import Any, BinaryIO

from ..conf import accounts_settings
from . import hashes, streams
from .person import Person, id_in, milliseconds, text, truth


def records(file: BinaryIO) -> streams.Records:
    """The users of the project."""
    return streams.array(file, "users.item")


def external_id(user: dict[str, Any]) -> str:
    """The ``uid``."""
    return id_in(user, "localId")


def person(user: dict[str, Any], names: dict[str, str]) -> Person:
    """What a user of the project is here. ``names`` maps further keys to claims."""
    found = Person(
        external_id=text(user, "localId"),
        email=text(user, "email"),
        is_active=not truth(user, "disabled", default=False),
        joined=milliseconds(user, "createdAt"),
    )
    found.take_verified(user, "emailVerified")
    found.take_claims(user, {"displayName": "name", "photoUrl": "picture", **names}, keys=())
    if user.get("mfaInfo"):
        found.note("second_factor_left", "Second factors aren't imported.")
    providers = {id_in(one, "providerId") for one in found.those_inside(user, "providerUserInfo")}
    if providers - {"password", ""}:
        found.note("identity_left", "Sign-in through another system isn't imported.")
    if user.get("passwordHash"):
        found.take_password(
            lambda: hashes.firebase(
                accounts_settings.FIREBASE_ROUNDS,
                accounts_settings.FIREBASE_MEMORY_COST,
                hashes.binary(user.get("salt")),
                hashes.binary(user["passwordHash"]),
            )
        )
    elif "password" in providers:
        found.note(
            "password_left",
            "There is no hash. The account that ran the export may not read hashes.",
        )
    elif providers:
        found.password_ended = True
    return found
