"""Okta: the list of its users API, or a table of the same names, such as the console's reports and
browser extensions write.

Password hashes are in it only in the form of Okta's own import (``credentials.password.hash``).
"""

from __future__ import annotations

from typing import Any, BinaryIO

from . import hashes, streams
from .person import Person, id_in, moment, text

SWITCHED_OFF = ("SUSPENDED", "DEPROVISIONED", "STAGED")
"""States in which nobody signs in there: for now, for good, or not yet."""

TO_BE_CHANGED = ("PASSWORD_EXPIRED", "RECOVERY")


def records(file: BinaryIO) -> streams.Records:
    """The users, however they are written."""
    if streams.first_character(file) in (b"[", b"{"):
        return streams.json_records(file)
    return streams.rows(file)


def external_id(user: dict[str, Any]) -> str:
    """``00u…``."""
    return id_in(user, "id", "user.id", "userId")


def person(user: dict[str, Any], names: dict[str, str]) -> Person:
    """What a user of the org is here. ``names`` maps attributes of the profile to claims."""
    about = _profile(user)
    status = (id_in(user, "status") or id_in(about, "status")).upper()
    found = Person(
        external_id=external_id(user),
        email=text(about, "email"),
        is_active=status not in SWITCHED_OFF,
        joined=moment(user, "created"),
    )
    own = {
        "firstName": "given_name",
        "lastName": "family_name",
        "middleName": "middle_name",
        "displayName": "name",
        "nickName": "nickname",
        "profileUrl": "profile",
        "timezone": "zoneinfo",
        "preferredLanguage": "locale",
    }
    found.take_claims(about, {**own, **names}, keys=("locale",))
    found.take_whole_name()
    credentials = found.inside(user, "credentials")
    provider = id_in(found.inside(credentials, "provider"), "type")
    if provider not in ("", "OKTA", "IMPORT"):
        found.note("identity_left", "Sign-in through another system isn't imported.")
    found.email_verified = any(
        id_in(one, "type") == "PRIMARY" and id_in(one, "status") == "VERIFIED"
        for one in found.those_inside(credentials, "emails")
    )
    if status in TO_BE_CHANGED:
        found.end_password("The password had to be changed at the next sign-in.")
        return found
    kept = found.inside(found.inside(credentials, "password"), "hash")
    if kept:
        found.take_password(lambda: _hash(kept))
    else:
        found.note("password_left", "Okta doesn't export password hashes.")
    return found


def _profile(user: dict[str, Any]) -> dict[str, Any]:
    """The attributes: an object of their own, or columns that may begin with ``profile.``."""
    if isinstance(user.get("profile"), dict):
        return dict(user["profile"])
    return {key.removeprefix("user.").removeprefix("profile."): user[key] for key in user}


def _hash(kept: dict[str, Any]) -> str:
    """Source: the Password Hash object of Okta's API, for imports."""
    algorithm = id_in(kept, "algorithm")
    if algorithm == "BCRYPT":
        cost = id_in(kept, "workFactor").zfill(2)
        return hashes.bcrypt(f"$2a${cost}${id_in(kept, 'salt')}{id_in(kept, 'value')}")
    if algorithm == "PBKDF2":
        digest = id_in(kept, "digestAlgorithm").removesuffix("_HMAC").lower()
        salt, value = hashes.binary(kept.get("salt")), hashes.binary(kept.get("value"))
        return hashes.pbkdf2(digest, kept.get("iterationCount"), salt, value)
    raise hashes.kind_refused(algorithm)
