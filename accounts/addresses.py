"""Email addresses: the one form in which we keep them, and whose they are."""

from __future__ import annotations

import contextlib
import unicodedata
from typing import Any

from django.contrib.auth import get_user_model
from django.core.validators import RegexValidator
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
    people = user_model._default_manager
    field = user_model.get_email_field_name()
    try:
        if field == user_model.USERNAME_FIELD:
            return people.get_by_natural_key(email)
        return people.get(**{f"{field}__iexact": email})
    except (user_model.DoesNotExist, user_model.MultipleObjectsReturned):
        return None
