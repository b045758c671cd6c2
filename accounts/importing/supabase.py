"""Supabase: the table ``auth.users``, as CSV or JSON, with its bcrypt hashes; or the list of its
admin API, without.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, BinaryIO

from . import hashes, streams
from .person import Person, Refused, id_in, moment, text, truth


def records(file: BinaryIO) -> streams.Records:
    """The users, however they are written."""
    if streams.first_character(file) in (b"[", b"{"):
        return streams.json_records(file, "users")
    return streams.rows(file)


def external_id(user: dict[str, Any]) -> str:
    """The UUID."""
    return id_in(user, "id")


def person(user: dict[str, Any], names: dict[str, str]) -> Person:
    """What a user of the project is here. ``names`` maps user metadata to claims."""
    if id_in(user, "deleted_at"):
        return Person(external_id=text(user, "id"), email="", is_deleted=True)
    if truth(user, "is_anonymous", default=False):
        raise Refused("anonymous", "This is an anonymous user, without an account in the source.")
    found = Person(
        external_id=text(user, "id"),
        email=text(user, "email"),
        is_active=not _is_banned(user),
        joined=moment(user, "created_at"),
    )
    found.take_verified(user, "email_confirmed_at")
    _take_claims(found, user, names)
    if user.get("factors"):
        found.note("second_factor_left", "Second factors aren't imported.")
    about = _json(found, user, "raw_app_meta_data", "app_metadata")
    if {*found.texts_inside(about, "providers")} - {"email", "phone"}:
        found.note("identity_left", "Sign-in through another system isn't imported.")
    if digest := user.get("encrypted_password"):
        found.take_password(lambda: hashes.phc(digest))
    elif "encrypted_password" in user:
        found.password_ended = True
    else:
        found.note("password_left", "There is no hash. Only the table has hashes.")
    return found


def _take_claims(found: Person, user: dict[str, Any], names: dict[str, str]) -> None:
    own = {
        "display_name": "name",
        "full_name": "name",
        "first_name": "given_name",
        "last_name": "family_name",
        "user_name": "preferred_username",
        "avatar_url": "picture",
    }
    about = _json(found, user, "raw_user_meta_data", "user_metadata")
    keys = ("name", "given_name", "family_name", "nickname", "preferred_username", "picture")
    found.take_claims(about, {**own, **names}, keys=(*keys, "locale", "zoneinfo"))
    found.take_whole_name()


def _json(found: Person, user: dict[str, Any], *keys: str) -> dict[str, Any]:
    """An object, which in a table stands as text."""
    for key in keys:
        value = user.get(key)
        if isinstance(value, str) and value:
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                value = value or None
        if value:
            return found.inside({key: value}, key)
    return {}


def _is_banned(user: dict[str, Any]) -> bool:
    until = text(user, "banned_until")
    if not until or until == "none":
        return False
    when = moment(user, "banned_until")
    return when is None or when > datetime.now(UTC)
