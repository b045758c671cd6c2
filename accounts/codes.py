"""Short codes that are mailed, and typed into the page that asked for them."""

from __future__ import annotations

import secrets
import unicodedata

from django.utils.crypto import constant_time_compare, salted_hmac

DIGITS = 8
MOST_TRIES = 5
"""A code stands this many tries: guessing it succeeds once in 20 million."""


def new_code() -> str:
    """Eight random digits."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def in_words(code: str) -> str:
    """The code as people read it, in two groups."""
    return f"{code[: DIGITS // 2]} {code[DIGITS // 2 :]}"


def normal(typed: str) -> str:
    """The code without the spaces and dashes of whoever typed it, in plain digits."""
    kept = (
        character
        for character in unicodedata.normalize("NFKC", typed)
        if not character.isspace() and unicodedata.category(character) not in ("Pd", "Cf")
    )
    return "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in kept
    )


def code_hash(purpose: str, row: object, code: str) -> str:
    """What is kept of the code of a row: keyed, so that the table alone doesn't give it away."""
    return salted_hmac(
        f"ostiary.accounts.{purpose}", f"{row} {code}", algorithm="sha256"
    ).hexdigest()


def is_right(kept: str, purpose: str, row: object, typed: str) -> bool:
    """Whether this is the code of the row, in constant time."""
    return constant_time_compare(kept, code_hash(purpose, row, normal(typed)))
