"""Auth0: an export of users, one JSON object a line or an array of them.

Password hashes are in it only where Auth0's support has made the export (``passwordHash``), or
where it is in the form of Auth0's own bulk import (``password_hash``, ``custom_password_hash``).
"""

from __future__ import annotations

from typing import Any, BinaryIO

from . import hashes, streams
from .person import Person, id_in, moment, text, truth

DATABASE = "auth0"
"""The provider in the ids of those who have a password."""


def records(file: BinaryIO) -> streams.Records:
    """The users of an array, or of lines."""
    return streams.json_records(file)


def external_id(user: dict[str, Any]) -> str:
    """``auth0|…``; an export by support has the bare id, as MongoDB writes it."""
    inner = user.get("_id")
    bare = id_in(inner, "$oid") if isinstance(inner, dict) else ""
    return id_in(user, "user_id", "id") or (f"{DATABASE}|{bare}" if bare else "")


def person(user: dict[str, Any], names: dict[str, str]) -> Person:
    """What a user of the tenant is here. ``names`` maps user metadata to claims."""
    found = Person(
        external_id=external_id(user),
        email=text(user, "email"),
        is_active=not truth(user, "blocked", default=False),
        joined=moment(user, "created_at"),
    )
    found.take_verified(user, "email_verified")
    found.take_claims(user, {"username": "preferred_username"})
    if names:
        found.take_claims(found.inside(user, "user_metadata"), names, keys=())
    if found.claims.get("name") == found.email:
        del found.claims["name"]  # Auth0 fills it in where there is none
    if user.get("multifactor") or user.get("mfa_factors"):
        found.note("second_factor_left", "Second factors aren't imported.")
    others = {id_in(one, "provider") for one in found.those_inside(user, "identities")}
    if others - {DATABASE, ""} or found.external_id.partition("|")[0] not in (
        DATABASE,
        found.external_id,
    ):
        found.note("identity_left", "Sign-in through another system isn't imported.")
    if any(user.get(key) for key in ("passwordHash", "password_hash", "custom_password_hash")):
        found.take_password(lambda: _hash(user))
    return found


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
