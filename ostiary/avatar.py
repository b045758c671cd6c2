"""What stands for a person on a page: their picture if they have one here, else their initials."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

COLOURS = 8
"""So many colours ``avatar.html`` has classes for."""
BETWEEN = re.compile(r"[\s._\-+@]+")
NON_JOINER = "\u200c"
"""Keeps two letters of a cursive script from being written as one word."""

Picture = Callable[[Any], str]
"""The address, on this site, of a person's picture; ``""`` without one."""

_picture: Picture | None = None


def use_pictures(find: Picture) -> None:
    """Have ``find`` asked for pictures. It is asked on every page of the account."""
    global _picture
    _picture = find


@dataclass(frozen=True)
class Avatar:
    """A picture, or else letters on a colour. Both may be empty: a page then shows an icon."""

    initials: str
    colour: int
    picture: str = ""


def of(user: Any) -> Avatar:
    """The avatar of a person of any user model."""
    name = user.get_full_name() if hasattr(user, "get_full_name") else ""
    return Avatar(
        initials=initials(name) or initials(user.get_username().partition("@")[0]),
        colour=zlib.crc32(str(user.pk).encode()) % COLOURS,
        picture=_picture(user) if _picture else "",
    )


def initials(name: str) -> str:
    """The first letters of the first and the last word that begin with one; ``""`` without any.

    A letter comes with the marks that belong to it. Symbols, such as emoji, are passed over.
    """
    words = BETWEEN.split(unicodedata.normalize("NFKC", name))
    letters = [letter for word in words if (letter := _first_letter(word))]
    if len(letters) < 2:
        return "".join(letters)
    first, last = letters[0], letters[-1]
    cursive = unicodedata.bidirectional(first[0]) == "AL"
    return f"{first}{NON_JOINER if cursive else ''}{last}"


def _first_letter(word: str) -> str:
    """The letter or digit that the word begins with, after symbols, as it stands in a title."""
    start = next((at for at, each in enumerate(word) if _category(each) in "LN"), None)
    if start is None:
        return ""
    end = start + 1
    while end < len(word) and (_category(word[end]) == "M" or _joins_the_next(word[end - 1])):
        end += 1
    titled = word[start].title()
    return (titled if len(titled) == 1 else word[start]) + word[start + 1 : min(end, start + 4)]


def _joins_the_next(mark: str) -> bool:
    """Whether it is a virama, which makes one sign of the letters around it, as in क्ष."""
    return unicodedata.combining(mark) == 9


def _category(character: str) -> str:
    return unicodedata.category(character)[0]
