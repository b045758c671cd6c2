"""Amazon Cognito: a table in the form of its own import, or what ``aws cognito-idp list-users``
prints. Neither has password hashes: Cognito gives them to nobody.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from . import streams
from .person import Person, id_in, moment, text, truth

TO_BE_CHANGED = ("RESET_REQUIRED", "FORCE_CHANGE_PASSWORD")


def records(file: BinaryIO) -> streams.Records:
    """The users, whichever of the two it is."""
    if streams.first_character(file) in (b"{", b"["):
        return streams.json_records(file, "Users")
    return streams.rows(file)


def external_id(user: dict[str, Any]) -> str:
    """The ``sub``, where it is told, or else the user name."""
    return id_in(_attributes(user), "sub") or id_in(user, "Username", "cognito:username")


def person(user: dict[str, Any], names: dict[str, str]) -> Person:
    """What a user of the pool is here. ``names`` maps further attributes to claims."""
    own = _attributes(user)
    found = Person(
        external_id=external_id(user),
        email=text(own, "email"),
        is_active=truth(user, "Enabled", default=True),
        joined=moment(user, "UserCreateDate"),
    )
    found.take_verified(own, "email_verified")
    found.take_claims(own, names)
    if truth(own, "cognito:mfa_enabled", default=False) or user.get("UserMFASettingList"):
        found.note("second_factor_left", "Second factors aren't imported.")
    if id_in(user, "UserStatus") == "EXTERNAL_PROVIDER":
        found.note("identity_left", "Sign-in through another system isn't imported.")
    found.note("password_left", "Cognito doesn't export password hashes.")
    found.password_ended = id_in(user, "UserStatus") in TO_BE_CHANGED
    return found


def _attributes(user: dict[str, Any]) -> dict[str, Any]:
    """The attributes by name: the columns of a row, or the pairs of a user."""
    listed = user.get("Attributes")
    if not isinstance(listed, list):
        return user
    pairs = [one for one in listed if isinstance(one, dict)]
    return {id_in(one, "Name"): one.get("Value") for one in pairs}
