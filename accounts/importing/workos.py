"""WorkOS: the list of its user management API, as JSON, or a table with the same names.

WorkOS gives password hashes to nobody; a table for its own import may hold some.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from . import hashes, streams
from .person import Person, id_in, moment, text


def records(file: BinaryIO) -> streams.Records:
    """The users, however they are written."""
    if streams.first_character(file) in (b"[", b"{"):
        return streams.json_records(file, "data")
    return streams.rows(file)


def external_id(user: dict[str, Any]) -> str:
    """``user_…``; in a table that was made for their import, the application's own id."""
    return id_in(user, "id", "user_id", "external_id", "externalId")


def person(user: dict[str, Any], names: dict[str, str]) -> Person:
    """What a user of the environment is here. ``names`` maps metadata to claims."""
    found = Person(
        external_id=external_id(user),
        email=text(user, "email"),
        joined=moment(user, "created_at") or moment(user, "createdAt"),
    )
    found.take_verified(user, "emailVerified" if "emailVerified" in user else "email_verified")
    own = {
        "first_name": "given_name",
        "firstName": "given_name",
        "last_name": "family_name",
        "lastName": "family_name",
        "profile_picture_url": "picture",
        "profilePictureUrl": "picture",
    }
    found.take_claims(user, own, keys=("name", "locale"))
    found.take_whole_name()
    if names and not isinstance(user.get("metadata"), str):
        found.take_claims(found.inside(user, "metadata"), names, keys=())
    if digest := user.get("password_hash"):
        found.take_password(lambda: hashes.phc(digest))
    elif "password_hash" in user:
        found.password_ended = True
    else:
        found.note("password_left", "WorkOS doesn't export password hashes.")
    return found
