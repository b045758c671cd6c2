"""Alphabets whose letters are taken for each other's (UTS #39)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

LOOK_ALIKES = frozenset("бαасԁеҽքցһհιіӏꙇϳјոռοσоօρрԛգզгᴦѕυսνѵѡԝաхγуү")
"""Small letters of other scripts that are taken for a letter or digit of ASCII (§4)."""
LOOKING_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})
"""Scripts of which no word mixes two, but to deceive (§5.1)."""
AT_HOME = {
    **dict.fromkeys(("bg", "by", "kz", "mk", "mn", "rs", "ru", "su", "ua", "uz"), "CYRILLIC"),
    **dict.fromkeys(("cy", "gr"), "GREEK"),
    "am": "ARMENIAN",
}
"""The script in which a country writes, by its top-level domain in ASCII."""


def mixes_scripts(word: str) -> bool:
    """Whether a word has letters of two scripts that look alike."""
    return len(LOOKING_ALIKE & set(_scripts(word))) > 1


def is_deceptive(domain: str) -> bool:
    """Whether a domain, in Unicode, may be taken for another: a label of it mixes scripts, or is
    all look-alikes of ASCII, which then stands before what is ASCII.

    A name all of one script is nobody's twin: it is how its people write it.
    """
    labels = domain.lower().split(".")
    end = labels[-1]
    return any(
        mixes_scripts(label)
        or (end.isascii() and _looks_ascii(label) and {*_scripts(label)} != {AT_HOME.get(end)})
        for label in labels
        if not label.isascii()
    )


def _looks_ascii(label: str) -> bool:
    return all(character.isascii() or character in LOOK_ALIKES for character in label)


def _scripts(word: str) -> Iterator[str]:
    """The first word of each letter's name, which for these scripts is the script's."""
    for character in unicodedata.normalize("NFKC", word):
        if character.isalpha():
            yield unicodedata.name(character, "").partition(" ")[0]
