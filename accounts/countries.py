"""Countries, by their code (ISO 3166-1 alpha-2), with their names in each language.

A profile keeps the code. A text that names no country, from before or from an import, stays as it
is until the person chooses one.
"""

from __future__ import annotations

import functools
import unicodedata
from importlib import resources
from typing import TYPE_CHECKING

from django.utils.translation import get_language

if TYPE_CHECKING:
    from babel import Locale

ENGLISH = "en"
USER_ASSIGNED = ("XK",)
"""Kosovo, which has no code of ISO's, and this one everywhere."""


def table(name: str) -> list[list[str]]:
    """The rows of a table of the time zone database, without its comments."""
    text = resources.files("tzdata.zoneinfo").joinpath(name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


def locale_of(language: str) -> Locale:
    """What Babel knows of a language, or of English where it doesn't know that one."""
    # With the first page that needs it: it is large.
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(ENGLISH)


@functools.lru_cache(maxsize=64)
def names(language: str) -> dict[str, str]:
    """The name of each country in ``language``, or in English, by its code, in the order in which
    people look for them."""
    known = locale_of(language).territories
    codes = [*(row[0] for row in table("iso3166.tab")), *USER_ASSIGNED]
    found = {code: known.get(code, code) for code in codes}
    return dict(sorted(found.items(), key=lambda country: in_order(country[1])))


def in_order(text: str) -> str:
    """By which a name is put in its place: a letter with a mark stands with the letter."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def code_of(text: str) -> str:
    """The code of the country that ``text`` names, by code or by name in English or in the active
    language; ``""`` for none."""
    text = text.strip()
    for language in (ENGLISH, get_language() or ENGLISH):
        known = names(language)
        if text.upper() in known:
            return text.upper()
        for code, name in known.items():
            if in_order(name) == in_order(text):
                return code
    return ""


def name_of(text: str, language: str) -> str:
    """What is kept, in words of ``language``: the name of a code, and any other text as it is."""
    return names(language).get(text, text)
