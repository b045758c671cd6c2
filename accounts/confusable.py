"""Policies against what looks like something else (UTS #39): in domains, and in names.

Of an address only the domain can hold letters that are not ASCII, in its ``xn--`` form; the part
before the “@” is ASCII anyway (``addresses.only_ascii``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LOOK_ALIKES = frozenset("бαасԁеҽքցһհιіӏꙇϳјոռοσоօρрԛգզгᴦѕυսνѵѡԝաхγуү")
"""Small letters of other scripts that are taken for a letter or digit of ASCII (UTS #39 §4)."""
LOOKING_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})
"""Scripts of which no word mixes two, but to deceive (UTS #39 §5.1)."""
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Needed to write Persian and many Indian languages."""


def refuse_homographs(email: str) -> None:
    """Refuse an address at a domain that looks like another. Raises ``ValidationError``."""
    for label in email.rpartition("@")[2].lower().split("."):
        if label.startswith("xn--") and _deceives(label):
            raise ValidationError(
                _("The end of this address looks like that of another. Use a different address."),
                code="homograph",
            )


def _deceives(label: str) -> bool:
    """Whether a label in its ASCII form (RFC 3490) mixes scripts, or is all look-alikes."""
    try:
        shown = label.encode("ascii").decode("idna")
    except UnicodeError:
        return True
    looks_ascii = all(character.isascii() or character in LOOK_ALIKES for character in shown)
    return looks_ascii or mixes_scripts(shown)


def refuse_mixed_scripts(name: str) -> None:
    """Refuse a name with a word of two scripts that look alike, or with what can't be seen.

    A name all of one script is let through, whatever it looks like: it is how people write it.
    Raises ``ValidationError``.
    """
    if any(_is_unseen(character) for character in name):
        raise ValidationError(
            _("This holds characters that can’t be seen. Type it anew."), code="unseen"
        )
    if any(mixes_scripts(word) for word in name.split()):
        raise ValidationError(
            _("This mixes letters of two alphabets in one word. Type it in one of them."),
            code="mixed_scripts",
        )


def _is_unseen(character: str) -> bool:
    """Controls, marks that turn the direction of writing, and what no font has."""
    return unicodedata.category(character) in ("Cc", "Cf", "Co", "Cn") and character not in JOINERS


def mixes_scripts(word: str) -> bool:
    """Whether a word has letters of two scripts that look alike."""
    return len(LOOKING_ALIKE & set(_scripts(word))) > 1


def _scripts(word: str) -> Iterator[str]:
    """The first word of each letter's name, which for these scripts is the script's."""
    for character in unicodedata.normalize("NFKC", word):
        if character.isalpha():
            yield unicodedata.name(character, "").partition(" ")[0]
