"""Policies against what looks like something else (UTS #39): in domains, and in names.

Of an address only the domain can hold letters that are not ASCII, in its ``xn--`` form; the part
before the “@” is ASCII anyway (``addresses.only_ascii``).
"""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ostiary.email_addresses import in_unicode
from ostiary.scripts import is_deceptive, mixes_scripts

JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Needed to write Persian and many Indian languages."""


def refuse_homographs(email: str) -> None:
    """Refuse an address at a domain that looks like another, or that nobody can read. Raises
    ``ValidationError``."""
    domain = in_unicode(email).rpartition("@")[2]
    if "xn--" in domain or is_deceptive(domain):
        raise ValidationError(
            _(
                "The domain of this email address looks like that of another site. Use a "
                "different email address."
            ),
            code="homograph",
        )


def refuse_mixed_scripts(name: str) -> None:
    """Refuse a name with a word of two scripts that look alike, or with what can't be seen.

    A name all of one script is let through, whatever it looks like: it is how people write it.
    Raises ``ValidationError``.
    """
    if any(_is_unseen(character) for character in name):
        raise ValidationError(
            _("The name contains invisible characters. Type it again."), code="unseen"
        )
    if any(mixes_scripts(word) for word in name.split()):
        raise ValidationError(
            _("A word of the name mixes letters from two alphabets. Type it in one of them."),
            code="mixed_scripts",
        )


def _is_unseen(character: str) -> bool:
    """Controls, marks that turn the direction of writing, and what no font has."""
    return unicodedata.category(character) in ("Cc", "Cf", "Co", "Cn") and character not in JOINERS
