"""Tombstones: by which somebody who was erased is known again, and kept from coming back by a late
job, an import or a restored backup."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Iterable

from django.db import IntegrityError, transaction

from .models import Tombstone, TombstoneKey

KEY_BYTES = 32
Of = Tombstone.Of


def bury(subject: str, emails: Iterable[str] = ()) -> None:
    """Keep that the person of this id, and of these addresses, was erased. A repeat changes
    nothing."""
    key = _key()
    Tombstone.objects.bulk_create(
        [
            Tombstone(of=Of.ID, digest=digest(key, Of.ID, subject)),
            *(
                Tombstone(of=Of.EMAIL, digest=digest(key, Of.EMAIL, email))
                for email in {normal(email) for email in emails if email}
            ),
        ],
        ignore_conflicts=True,
    )


def is_buried(subject: str) -> bool:
    """Whether the person of this id was erased."""
    return bool(buried_among(Of.ID, [subject]))


def buried_among(of: str, names: Iterable[str]) -> set[str]:
    """Those ids, or addresses, that are an erased person's (at most two SQL statements)."""
    row = TombstoneKey.objects.filter(pk=TombstoneKey.THE_ONE).first()
    if row is None:
        return set()
    by_digest = {digest(bytes(row.key), of, name): name for name in names}
    found = Tombstone.objects.filter(digest__in=by_digest).values_list("digest", flat=True)
    return {by_digest[one] for one in found}


def normal(email: str) -> str:
    """An address as it is compared: people write one in many ways."""
    return unicodedata.normalize("NFKC", email).casefold().strip()


def digest(key: bytes, of: str, name: str) -> str:
    """The keyed hash of an id or address, 64 hex digits."""
    said = normal(name) if of == Of.EMAIL else name
    return hmac.new(key, f"{of}:{said}".encode(), hashlib.sha256).hexdigest()


def _key() -> bytes:
    row = TombstoneKey.objects.filter(pk=TombstoneKey.THE_ONE).first()
    if row is None:
        try:
            with transaction.atomic():
                row = TombstoneKey.objects.create(key=secrets.token_bytes(KEY_BYTES))
        except IntegrityError:  # somebody was faster
            row = TombstoneKey.objects.get(pk=TombstoneKey.THE_ONE)
    return bytes(row.key)
