"""Email addresses: the one form in which they are kept, compared, counted, mailed to and shown.

Domains are those of IDNA 2008, as browsers and the DNS take them (UTS #46, non-transitional):
``faß.de`` is not ``fass.de``. Addresses are the same if their domains are, and the rest is but for
case. That is decided here, and by no collation of a database.

The part before the “@” may hold any letters here. Whether it may in an address that somebody signs
up with is for an app to say: to a mailbox such as ``jörg@`` mail goes by SMTPUTF8 alone (RFC 6531).
"""

from __future__ import annotations

import contextlib
import re
import string
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from email.utils import parseaddr
from typing import Any

import idna
from django.contrib.auth import get_user_model
from django.db.models import CharField, Func, Q
from django.db.models.lookups import In

from .scripts import is_deceptive

MAX_LENGTH = 254
"""The longest address that mail can go to (RFC 5321 §4.5.3.1.3)."""

_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_AT = re.compile("[@\N{FULLWIDTH COMMERCIAL AT}\N{SMALL COMMERCIAL AT}]")


# --- the form in which an address is kept -------------------------------------------------------


def normalize(typed: str) -> str:
    """The address as it is kept and mailed to: its domain in ASCII (``ascii_domain``), all else in
    NFKC, without what can't be seen at its ends. The case before the “@” is kept for sending.

    A text without “@”, such as a user name, keeps its case too. A domain that can't be one is kept
    in small letters, for whoever judges the address to refuse.
    """
    if typed.isascii():
        local, at, domain = typed.strip().rpartition("@")
        if "xn--" not in (small := domain.lower()):
            return f"{local}@{small}" if at else domain
    typed = _without_unseen_ends(typed)
    at_signs = [*_AT.finditer(typed)]
    if not at_signs:
        return unicodedata.normalize("NFKC", typed).strip()
    local, domain = typed[: at_signs[-1].start()], typed[at_signs[-1].end() :]
    try:
        domain = ascii_domain(domain)
    except UnicodeError:
        # Or what an account may still have it by, and nobody else: IDNA 2003 knew it, perhaps.
        domain = by_idna_2003(domain)
    return f"{unicodedata.normalize('NFKC', local).lstrip()}@{domain}"


def ascii_domain(domain: str) -> str:
    """The domain as the DNS has it: in small letters, with A-labels (``xn--``, RFC 5890 §2.3.2.1).

    Raises ``UnicodeError`` for what IDNA 2008 makes no name of, such as a picture or a label that
    is too long.
    """
    if len(domain) > MAX_LENGTH:
        raise UnicodeError("A domain is not as long.")
    if not domain.isascii():
        domain = idna.uts46_remap(domain, std3_rules=True)
        if not all(domain.split(".")):
            raise UnicodeError("A part of the domain is empty.")
    # An ASCII label needs no mapping, and may hold two hyphens where IDNA has none.
    return ".".join(
        label if label.isascii() and not label.startswith("xn--") else idna.alabel(label).decode()
        for label in domain.lower().split(".")
    )


def by_idna_2003(email: str) -> str:
    """An address or domain as it was kept in former times, when ``faß.de`` was ``fass.de``, and a
    picture could stand in a name. What wasn't a domain then is in small letters."""
    local, at, domain = email.rpartition("@")
    if len(domain) <= MAX_LENGTH:
        with contextlib.suppress(UnicodeError):
            domain = domain.encode("idna").decode("ascii")
    return f"{local}{at}{domain.lower()}"


def _without_unseen_ends(text: str) -> str:
    """``text`` without the spaces and marks of direction that come along when it is copied."""
    first, last = 0, len(text)
    while first < last and _is_unseen(text[first]):
        first += 1
    while first < last and _is_unseen(text[last - 1]):
        last -= 1
    return text[first:last]


def _is_unseen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf"


# --- comparing ----------------------------------------------------------------------------------


def canonical(email: str) -> str:
    """The address as it is compared: two texts are one address if this is the same of both."""
    local, at, domain = normalize(email).rpartition("@")
    if local.isascii():
        return f"{local.lower()}{at}{domain.lower()}"
    return f"{unicodedata.normalize('NFKC', local.lower())}{at}{domain.lower()}"


def rate_limit_key(identifier: str) -> str:
    """What tries at an address or a user name are counted under: twins that people, or a collation
    of the user names of another project, take for the same share one budget.

    Compatible forms, case, and marks above and below are gone from it.
    """
    if identifier.isascii():
        return identifier.lower().strip()
    same = unicodedata.normalize("NFKC", canonical(identifier)).casefold()
    decomposed = unicodedata.normalize("NFKD", same)
    return "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cf")).strip()


def spellings(email: str) -> set[str]:
    """The canonical form, and others in which the same address was compared in the past: what is
    kept as a hash is looked for by all of them. An ASCII address has but one."""
    if email.isascii() and "xn--" not in email.lower():
        return {canonical(email)}
    same = canonical(email)
    return {same, in_unicode(same), unicodedata.normalize("NFKC", email).strip().lower()}


class AsciiLower(Func):
    """The small letters of ASCII, of a column whose other letters stay as they are: neither the
    column's collation nor the database's has a say."""

    function = "LOWER"
    arity = 1
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """By the one collation that has no language."""
        template = '%(function)s(%(expressions)s COLLATE "C")'
        return self.as_sql(compiler, connection, template=template, **context)


def has_address(field: str, emails: Iterable[str]) -> Q:
    """The condition that ``field`` holds one of these addresses, in whatever case, and also where
    another project has not brought it into its ASCII form."""
    wanted = sorted({form for email in emails if email for form in _forms(email)})
    return Q(In(AsciiLower(field), wanted)) if wanted else Q(pk__in=[])


def people_with(email: str, people: Any = None) -> list[Any]:
    """Everybody who has this address, on any user model (one statement). ``people`` is a queryset
    of some of them."""
    model = get_user_model()
    found = model._default_manager if people is None else people
    return list(found.filter(has_address(model.get_email_field_name(), [email])))


def the_one_with(email: str, people: Sequence[Any]) -> Any:
    """Of people with one address, the one who spells it so, or else who has it in the form in which
    it is kept; ``None`` where that is nobody, or several."""
    kept = normalize(email)

    def rank(user: Any) -> tuple[bool, bool]:
        own = getattr(user, user.get_email_field_name())
        return own != kept, own != normalize(own)

    ranked = sorted(people, key=rank)
    is_tie = len(ranked) > 1 and rank(ranked[0]) == rank(ranked[1])
    return ranked[0] if ranked and not is_tie else None


def _forms(email: str) -> Iterator[str]:
    """What ``AsciiLower`` makes of the forms of an address that a table may hold."""
    same = canonical(email)
    yield same
    if same.isascii() and "xn--" not in same:
        return
    shown = in_unicode(same)
    for form in (email, shown, shown.upper(), shown.title()):
        if canonical(form) == same:  # which a change of case may undo
            yield form.translate(_SMALL)


# --- showing ------------------------------------------------------------------------------------


def in_unicode(email: str) -> str:
    """The address with its domain in the letters of its people."""
    local, at, domain = normalize(email).rpartition("@")
    return f"{local}{at}{'.'.join(map(_unicode_label, domain.split('.')))}" if at else domain


def for_people(identifier: str) -> str:
    """An address as people read it; a user name as it is. A domain that may be taken for another
    one (UTS #39) stays in ASCII, in which it looks like none."""
    if "@" not in identifier:
        return identifier
    readable = in_unicode(identifier)
    return normalize(identifier) if is_deceptive(readable.rpartition("@")[2]) else readable


def in_header(mailbox: str) -> str:
    """A mailbox with or without a name (RFC 5322 §3.4), its domain in ASCII."""
    address = parseaddr(mailbox)[1]
    return mailbox if address.isascii() else mailbox.replace(address, normalize(address))


def _unicode_label(label: str) -> str:
    try:
        return idna.ulabel(label) if label.startswith("xn--") else label
    except UnicodeError:
        return label
