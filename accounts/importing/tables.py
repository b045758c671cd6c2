"""CSV with columns of our own."""

from __future__ import annotations

from typing import Any, BinaryIO

from . import hashes, streams
from .person import CLAIMS, Person, id_in, text, truth

COLUMNS = (
    "external_id",
    "email",
    "email_verified",
    "password_hash",
    "is_active",
    "groups",
    *CLAIMS,
)


def records(file: BinaryIO) -> streams.Records:
    """The rows."""
    return streams.rows(file)


def external_id(row: dict[str, Any]) -> str:
    """What stands there, or else the address in small letters."""
    return id_in(row, "external_id") or id_in(row, "email").lower()


def person(row: dict[str, Any], names: dict[str, str]) -> Person:
    """A row with our columns, of which only ``email`` is needed. Groups are divided by semicolons.

    A table without the column of passwords says nothing of them; an empty cell in it says that
    there is none.
    """
    found = Person(
        external_id=text(row, "external_id") or text(row, "email").lower(),
        email=text(row, "email"),
        is_active=truth(row, "is_active", default=True),
    )
    found.take_verified(row, "email_verified")
    found.take_claims(row, names)
    for listed in found.texts_inside(row, "groups"):
        found.groups += [name for part in listed.split(";") if (name := part.strip())]
    if text(row, "password_hash"):
        found.take_password(lambda: hashes.phc(text(row, "password_hash")))
    elif "password_hash" in row:
        found.password_ended = True
    return found
