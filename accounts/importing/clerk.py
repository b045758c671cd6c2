"""Clerk: the table of its dashboard, the JSON that its support sends, what its command line
exports, or the list of its API. Only the first two have password hashes.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from . import hashes, streams
from .person import Person, id_in, milliseconds, moment, text, texts, truth


def records(file: BinaryIO) -> streams.Records:
    """The users, however they are written."""
    if streams.first_character(file) in (b"[", b"{"):
        return streams.json_records(file, "data")
    return streams.rows(file)


def external_id(user: dict[str, Any]) -> str:
    """``user_…``."""
    return id_in(user, "id", "userId")


def person(user: dict[str, Any], names: dict[str, str]) -> Person:
    """What a user of the application is here. ``names`` maps public metadata to claims."""
    primary, verified = _addresses(user)
    found = Person(
        external_id=external_id(user),
        email=primary,
        email_verified=primary in verified,
        is_active=not truth(user, "banned", default=False),
        joined=milliseconds(user, "created_at")
        or moment(user, "created_at")
        or moment(user, "createdAt"),
    )
    own = {
        "first_name": "given_name",
        "firstName": "given_name",
        "last_name": "family_name",
        "lastName": "family_name",
        "username": "preferred_username",
    }
    found.take_claims(user, own, keys=())
    if user.get("has_image"):
        found.take_claims(user, {"image_url": "picture"}, keys=())
    found.take_whole_name()
    for key in ("public_metadata", "publicMetadata"):
        if names and not isinstance(user.get(key), str):
            found.take_claims(found.inside(user, key), names, keys=())
    if any(user.get(key) for key in ("totp_secret", "mfa_enabled", "two_factor_enabled")):
        found.note("second_factor_left", "Second factors aren't imported.")
    if user.get("external_accounts"):
        found.note("identity_left", "Sign-in through another system isn't imported.")
    _take_password(found, user)
    return found


def _take_password(found: Person, user: dict[str, Any]) -> None:
    if digest := user.get("password_digest"):
        found.take_password(lambda: hashes.phc(digest))
    elif "password_digest" in user or user.get("password_enabled") is False:
        found.password_ended = True
    else:
        found.note(
            "password_left", "There is no hash. Clerk exports hashes only from its dashboard."
        )


def _addresses(user: dict[str, Any]) -> tuple[str, set[str]]:
    """The first address, and those that are verified."""
    listed = user.get("email_addresses")
    if isinstance(listed, list) and any(isinstance(one, dict) for one in listed):
        return _of_api(user, [one for one in listed if isinstance(one, dict)])
    if "email" in user:  # the command line's
        first = text(user, "email")
        return first, {first} - {*_split(user, "unverifiedEmailAddresses")}
    verified = _split(user, "verified_email_addresses")
    unverified = _split(user, "unverified_email_addresses")
    anywhere = [*verified, *unverified, *_split(user, "email_addresses"), ""]
    return text(user, "primary_email_address") or anywhere[0], {*verified}


def _of_api(user: dict[str, Any], listed: list[dict[str, Any]]) -> tuple[str, set[str]]:
    by_id = {id_in(one, "id"): text(one, "email_address") for one in listed}
    verified = {
        text(one, "email_address")
        for one in listed
        if isinstance(one.get("verification"), dict)
        and one["verification"].get("status") == "verified"
    }
    first = by_id.get(id_in(user, "primary_email_address_id")) or next(iter(by_id.values()))
    return first, verified


def _split(user: dict[str, Any], key: str) -> list[str]:
    """Addresses in a list, or in a cell with bars between them."""
    parts = (part.strip() for value in texts(user, key) for part in value.split("|"))
    return [part for part in parts if part]
