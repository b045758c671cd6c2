"""CSV: Amazon Cognito's, and one with columns of our own."""

from __future__ import annotations

from typing import Any, BinaryIO

from . import hashes, streams
from .person import CLAIMS, Person, claims_in, text, truth

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


def cognito(row: dict[str, Any], names: dict[str, str]) -> Person:
    """A row in the form of Cognito's own import. Cognito gives out no password hashes."""
    found = Person(
        external_id=text(row, "sub") or text(row, "cognito:username"),
        email=text(row, "email"),
        email_verified=truth(row, "email_verified", default=False),
        claims=claims_in(row, names),
    )
    if truth(row, "cognito:mfa_enabled", default=False):
        found.note("second_factor_left", "Second factors are not taken over.")
    found.note("password_left", "Cognito gives out no password hashes.")
    return found


def own(row: dict[str, Any], names: dict[str, str]) -> Person:
    """A row with our columns, of which only ``email`` is needed. Raises ``Unreadable``.

    Groups are divided by semicolons. Without ``external_id``, the address in small letters is it.
    """
    if unknown := sorted({*row} - {*COLUMNS} - {*names}):
        raise streams.Unreadable(
            f"There is no column {unknown[0]!r}. Known ones: {', '.join(COLUMNS)}. "
            "Give another name to a claim by --claim COLUMN=CLAIM."
        )
    email = text(row, "email")
    found = Person(
        external_id=text(row, "external_id") or email.lower(),
        email=email,
        email_verified=truth(row, "email_verified", default=False),
        is_active=truth(row, "is_active", default=True),
        claims=claims_in(row, names),
        groups=[name for part in text(row, "groups").split(";") if (name := part.strip())],
    )
    if text(row, "password_hash"):
        found.take_password(lambda: hashes.phc(text(row, "password_hash")))
    return found
