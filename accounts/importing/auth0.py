"""Auth0: an export of users, one JSON object a line or an array of them.

Password hashes are in it only where Auth0's support has made the export (``passwordHash``), or
where it is in the form of Auth0's own bulk import (``password_hash``, ``custom_password_hash``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO

from . import hashes, streams
from .person import Person, claims_in, inner, inners, text, truth

DATABASE = "auth0"
"""The provider in the ids of those who have a password."""


def records(file: BinaryIO) -> streams.Records:
    """The users of an array, or of lines."""
    if streams.first_character(file) == b"[":
        return streams.array(file, "item")
    return streams.lines(file)


def person(user: dict[str, Any], names: dict[str, str]) -> Person:
    """What a user of the tenant is here. ``names`` maps user metadata to claims."""
    found = Person(
        external_id=_user_id(user),
        email=text(user, "email"),
        email_verified=truth(user, "email_verified", default=False),
        is_active=not truth(user, "blocked", default=False),
        claims=claims_in(user, {"username": "preferred_username"})
        | claims_in(inner(user, "user_metadata"), names, keys=()),
        joined=_time(user),
    )
    if found.claims.get("name") == found.email:
        del found.claims["name"]  # Auth0 fills it in where there is none
    if user.get("multifactor") or user.get("mfa_factors"):
        found.note("second_factor_left", "Second factors are not taken over.")
    others = {text(one, "provider") for one in inners(user, "identities")} - {DATABASE, ""}
    if others or found.external_id.partition("|")[0] not in (DATABASE, found.external_id):
        found.note("identity_left", "The sign-in through another system is not taken over.")
    if any(user.get(key) for key in ("passwordHash", "password_hash", "custom_password_hash")):
        found.take_password(lambda: _hash(user))
    return found


def _user_id(user: dict[str, Any]) -> str:
    """``auth0|…``; an export by support has the bare id, as MongoDB writes it."""
    bare = text(inner(user, "_id"), "$oid") if isinstance(user.get("_id"), dict) else ""
    return text(user, "user_id") or text(user, "id") or (f"{DATABASE}|{bare}" if bare else "")


def _time(user: dict[str, Any]) -> datetime | None:
    value = user.get("created_at")
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return when if when and when.tzinfo else None


def _hash(user: dict[str, Any]) -> str:
    plain = user.get("passwordHash") or user.get("password_hash")
    if plain:
        return hashes.phc(plain)
    custom = user["custom_password_hash"]
    if not isinstance(custom, dict):
        raise hashes.HashRefused("The hash can't be decoded.")
    if custom.get("algorithm") in ("argon2", "bcrypt", "pbkdf2"):
        return hashes.phc(_part(custom, "hash").get("value"))
    if custom.get("algorithm") == "scrypt":
        return hashes.scrypt(
            hashes.log2(custom.get("cost", 16384)),
            custom.get("blockSize", 8),
            custom.get("parallelization", 1),
            _bytes(_part(custom, "salt"), "utf8"),
            _bytes(_part(custom, "hash"), "base64"),
        )
    raise hashes.kind_refused(str(custom.get("algorithm")))


def _part(custom: dict[str, Any], key: str) -> dict[str, Any]:
    part = custom.get(key)
    return part if isinstance(part, dict) else {}


def _bytes(part: dict[str, Any], usual: str) -> bytes:
    encoding = part.get("encoding", usual)
    if encoding not in ("base64", "hex", "utf8"):
        raise hashes.HashRefused("The hash can't be decoded.")
    return hashes.binary(part.get("value"), encoding)
