"""Email addresses: the one form in which we keep them, and whose they are."""

from __future__ import annotations

import contextlib
import unicodedata
from typing import Any

from django.contrib.auth import get_user_model
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_LENGTH = 254
"""The longest address that mail can go to (RFC 5321 §4.5.3.1.3)."""

only_ascii = RegexValidator(
    r"\A[\x00-\x7f]*\Z",
    _("Enter an address that has no accents or foreign letters before the “@”."),
    code="not_ascii",
)


def normalize_email(email: str) -> str:
    """The address as we keep it: NFKC, no surrounding space, the domain in its ASCII form.

    What is then not ASCII is refused by ``only_ascii``, so that no two addresses look alike, and
    every database compares them alike. The case of the local part is kept for sending; two
    addresses that differ only in case are one account (a database constraint sees to it).
    A text without “@”, such as a user name, keeps its case.
    """
    local, at, domain = unicodedata.normalize("NFKC", email).strip().rpartition("@")
    if not at:
        return domain
    if len(domain) <= MAX_LENGTH:
        # What no domain can be named stays as it is, and the form refuses it.
        with contextlib.suppress(UnicodeError):
            domain = domain.encode("idna").decode("ascii")
    return f"{local}@{domain.lower()}"


def email_of(user: Any) -> str:
    """The person's address, on any user model."""
    return str(getattr(user, user.get_email_field_name(), ""))


def find_user(email: str) -> Any:
    """The person with this address, in any case; ``None`` if there is none.

    On a model where two people may have the same address, it is nobody's.
    """
    user_model = get_user_model()
    try:
        return _get(email)
    except (user_model.DoesNotExist, user_model.MultipleObjectsReturned):
        return None


def is_of_another(email: str, user: Any) -> bool:
    """Whether someone other than ``user`` has this address, in any case."""
    user_model = get_user_model()
    try:
        return bool(_get(email).pk != user.pk)
    except user_model.DoesNotExist:
        return False
    except user_model.MultipleObjectsReturned:
        return True


def _get(email: str) -> Any:
    user_model = get_user_model()
    people = user_model._default_manager
    field = user_model.get_email_field_name()
    if field == user_model.USERNAME_FIELD:
        return people.get_by_natural_key(email)
    return people.get(**{f"{field}__iexact": email})


def set_email(user: Any, email: str) -> list[str]:
    """Give the person this address, verified; returns the names of the fields that changed.

    Where the address is also what they sign in by, in a user name of its own, that changes too.
    """
    changed = [user.get_email_field_name()]
    if user.get_username() == email_of(user) and user.USERNAME_FIELD not in changed:
        changed.append(user.USERNAME_FIELD)
    for name in changed:
        setattr(user, name, email)
    if hasattr(user, "email_verified_at"):
        user.email_verified_at = timezone.now()
        changed.append("email_verified_at")
    return [*changed, *(f.name for f in user._meta.fields if getattr(f, "auto_now", False))]


def find_by_identifier(identifier: str) -> Any:
    """The person who signs in by this name or address; ``None`` if there is none."""
    people = get_user_model()._default_manager
    try:
        return people.get_by_natural_key(identifier)
    except get_user_model().DoesNotExist:
        return find_user(identifier) if "@" in identifier else None
