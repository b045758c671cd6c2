"""Email addresses of people: which may be theirs, and whose they are.

The form in which they are kept and compared is the ground floor's (``ostiary.email_addresses``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ostiary.email_addresses import MAX_LENGTH as MAX_LENGTH
from ostiary.email_addresses import ascii_domain, normalize, people_with, the_one_with

normalize_email = normalize
only_ascii = RegexValidator(
    r"\A[\x00-\x7f]*(?:@[^@]*)?\Z",
    gettext_lazy("Enter an email address with only unaccented Latin letters before the “@”."),
    code="not_ascii",
)
"""Mail to other mailboxes goes by SMTPUTF8 alone (RFC 6531), which many servers don't have."""


def only_domains(email: str) -> None:
    """Refuse an address, in its normal form, at what no domain was ever called. Raises
    ``ValidationError``."""
    if not email.rpartition("@")[2].isascii():
        raise _no_domain()


def only_idna_2008(email: str) -> None:
    """Refuse a new address, in its normal form, at a domain that IDNA 2008 doesn't know, such as
    one with a picture: not everybody's mail gets there. The same of a number in brackets (RFC 5321
    §4.1.3). Raises ``ValidationError``."""
    domain = email.rpartition("@")[2]
    if domain.startswith("["):
        raise _no_domain()
    if "xn--" in domain:
        try:
            ascii_domain(domain)
        except UnicodeError:
            raise _no_domain() from None


def _no_domain() -> ValidationError:
    return ValidationError(
        _("The part after the “@” isn’t a valid domain name. Check the email address."),
        code="no_domain",
    )


def normal_domains(domains: Iterable[str]) -> frozenset[str]:
    """Domains in the form in which addresses have theirs."""
    return frozenset(
        normalize_email(f"x@{domain.rpartition('@')[2]}").rpartition("@")[2] for domain in domains
    )


def email_of(user: Any) -> str:
    """The person's address, on any user model."""
    return str(getattr(user, user.get_email_field_name(), ""))


def find_user(email: str) -> Any:
    """The person with this address, in any case; ``None`` if there is none.

    On a model where several people may have the same address, it is nobody's. Where it is their
    user name, it is whose spelling it is.
    """
    found = people_with(email)
    if _is_user_name():
        return the_one_with(email, found)
    return found[0] if len(found) == 1 else None


def _is_user_name() -> bool:
    user_model = get_user_model()
    return user_model.get_email_field_name() == user_model.USERNAME_FIELD


def is_of_another(email: str, user: Any) -> bool:
    """Whether someone other than ``user`` has this address, in any case."""
    return any(found.pk != user.pk for found in people_with(email))


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
    if _is_user_name():
        return find_user(identifier)
    user_model = get_user_model()
    try:
        return user_model._default_manager.get_by_natural_key(identifier)
    except user_model.DoesNotExist:
        return find_user(identifier) if "@" in identifier else None
