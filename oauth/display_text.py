"""Texts that strangers write and people are shown, such as the name of an application: in every
script, but with nothing in them that hides how they read.

Words of many scripts hold characters that can't be seen: joiners in Persian, Hindi and emoji, marks
of direction in Hebrew and Arabic, spaces that don't break, soft hyphens. These are taken. Refused
is what moves or cuts the text around it, and what is no character (Unicode Technical Report 36 §2).
"""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext as _

_REORDERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Embeddings, overrides and isolates (Unicode Standard Annex 9 §2), which reach past the text."""
_NO_CHARACTERS = frozenset(("Cc", "Cs", "Co", "Zl", "Zp"))
"""Controls, surrogates, private use, and the ends of lines and paragraphs."""
_UNSEEN = frozenset(("Cf", "Zs"))
_UNSEEN_TOO = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Without a look of their own though their category doesn't say so; beside variation selectors."""


def problem(text: str) -> str:
    """What is wrong with ``text``, in words that name the character; ``""`` if nothing is."""
    for character in text:
        if _is_no_character(character) or character in _REORDERS:
            return _("the character %s is not allowed") % _named(character)
    return ""


def _is_no_character(character: str) -> bool:
    """One that this Python doesn't know may be newer than its Unicode: the emoji and letters of
    each year come so. What never becomes a character, or is kept for unseen ones, is none
    (Unicode Standard §23.7, Unicode Standard Annex 44 "Default_Ignorable_Code_Point")."""
    category = unicodedata.category(character)
    if category != "Cn":
        return category in _NO_CHARACTERS
    code = ord(character)
    return (
        code & 0xFFFE == 0xFFFE
        or 0xFDD0 <= code <= 0xFDEF
        or code == 0x2065
        or 0xFFF0 <= code <= 0xFFF8
        or 0xE0000 <= code <= 0xE0FFF
    )


def _named(character: str) -> str:
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "")
    return f"{code} ({name})" if name else code


def is_blank(text: str) -> bool:
    """Whether nobody would see anything of ``text``."""
    return all(_is_unseen(character) for character in text)


def _is_unseen(character: str) -> bool:
    return (
        unicodedata.category(character) in _UNSEEN
        or character in _UNSEEN_TOO
        or "VARIATION SELECTOR" in unicodedata.name(character, "")
    )
