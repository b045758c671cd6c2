"""Passwords that came from another system follow it, until their owners choose others here.

What has ended there ends here (SECURITY J3): a password that is to be changed there, that has been
changed, or that is gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container
from typing import Any

from django.contrib.auth.hashers import identify_hasher, make_password

from .. import hash_kinds
from ..hashing import BoundedArgon2PasswordHasher
from ..models import ImportedIdentity
from .person import Person


def mark_of(encoded: str) -> str:
    """By which a hash is known again; it is the hash of a salted hash, and no help in guessing."""
    return hashlib.sha256(encoded.encode()).hexdigest() if encoded else ""


def kind_of(encoded: str) -> str:
    """What a hash costs to compute; empty for none, or one that is not a hash of ours to read."""
    if not encoded:
        return ""
    try:
        hasher = identify_hasher(encoded)
    except ValueError:
        return ""
    if isinstance(hasher, BoundedArgon2PasswordHasher):
        return hasher.kind(encoded)
    return hash_kinds.kind_of(encoded)


def is_kept(identity: ImportedIdentity, user: Any, kinds: Container[str]) -> bool:
    """Whether the account still has the password that came with this identity.

    ``kinds`` are those of imported hashes: by them it is known of who came before marks were kept.
    """
    if not user.has_usable_password():
        return False
    if identity.password_mark:
        return not identity.password_ended
    if kind_of(user.password) not in kinds:
        return False
    return not ImportedIdentity.objects.filter(user=user).exclude(password_mark="").exists()


def is_unused(identity: ImportedIdentity, user: Any, kinds: Container[str]) -> bool:
    """Whether nobody has made the account their own yet: signed in, or chosen a password."""
    return user.last_login is None and (
        not user.has_usable_password() or is_kept(identity, user, kinds)
    )


def follow(
    person: Person, identity: ImportedIdentity, user: Any, kinds: Container[str]
) -> str | None:
    """The account's password as it is to be, ``None`` if it stays.

    ``identity`` keeps what has become of it; saving both is the caller's.
    """
    kept, mark = is_kept(identity, user, kinds), mark_of(person.password)
    is_known = mark == identity.password_mark or user.password == person.password
    if person.password and is_known:
        if identity.password_ended:
            person.note(
                "password_left", "A later export showed that this password is no longer valid."
            )
        elif kept:
            identity.password_mark = mark  # of who came before marks were kept
    elif person.password and (kept or _lacks_one(identity, user)):
        identity.password_mark, identity.password_ended = mark, False
        return person.password
    elif person.password_ended and kept:
        identity.password_mark = identity.password_mark or mark_of(user.password)
        identity.password_ended = True
        if "password_left" not in dict(person.notes):
            person.note(
                "password_left",
                "The user no longer has a password in the source, and so none here.",
            )
        return make_password(None)
    return None


def _lacks_one(identity: ImportedIdentity, user: Any) -> bool:
    never_here = user.last_login is None or identity.password_ended
    return never_here and not user.has_usable_password()
