"""Tombstones: by which somebody who was erased is known again, and kept from coming back by a late
job, an import or a restored backup.

A restored backup doesn't have those that were set after it was made. So each is also added to
``TOMBSTONE_FILE``, with the key of the hashes, wrapped by the ring, for a database that has none.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Iterable

from django.db import IntegrityError, transaction

from . import tombstone_file
from .email_addresses import by_idna_2003, canonical
from .models import Tombstone, TombstoneKey

KEY_BYTES = 32
Of = Tombstone.Of


class AnotherKey(Exception):
    """A file's tombstones can't be compared with anything here; the text says why."""


def bury(subject: str, emails: Iterable[str] = ()) -> None:
    """Keep that the person of this id, and of these addresses, was erased. A repeat changes
    nothing."""
    key = _key()
    stones = {digest(key, Of.ID, subject): Of.ID}
    stones |= {digest(key, Of.EMAIL, email): Of.EMAIL for email in emails if email}
    known = Tombstone.objects.filter(digest__in=stones).values_list("digest", flat=True)
    new = [Tombstone(of=of, digest=name) for name, of in stones.items() if name not in set(known)]
    # Before the commit: what is rolled back is tried again, and a line too many does no harm.
    tombstone_file.add(new, key)
    Tombstone.objects.bulk_create(new, ignore_conflicts=True)


def restore(stones: Iterable[Tombstone], key: bytes | None) -> int:
    """Set tombstones that a file has kept, with the key of their digests where it could be read;
    returns how many the database didn't have. Raises ``AnotherKey``."""
    with transaction.atomic():
        row = TombstoneKey.objects.filter(pk=TombstoneKey.THE_ONE).first()
        if row is None and key is None:
            raise AnotherKey("No key of FIELD_ENCRYPTION_KEYS reads the key of this file.")
        if key is not None and (row is None or not Tombstone.objects.exists()):
            TombstoneKey.objects.update_or_create(pk=TombstoneKey.THE_ONE, defaults={"key": key})
        elif key is not None and row is not None and bytes(row.key) != key:
            raise AnotherKey("The file is that of another database: its hashes have another key.")
        before = Tombstone.objects.count()
        Tombstone.objects.bulk_create(stones, ignore_conflicts=True, batch_size=500)
        return Tombstone.objects.count() - before


def is_buried(subject: str) -> bool:
    """Whether the person of this id was erased."""
    return bool(buried_among(Of.ID, [subject]))


def buried_among(of: str, names: Iterable[str]) -> set[str]:
    """Those ids, or addresses, that are an erased person's (at most two SQL statements)."""
    row = TombstoneKey.objects.filter(pk=TombstoneKey.THE_ONE).first()
    if row is None:
        return set()
    key = bytes(row.key)
    digests = {name: _digests(key, of, name) for name in names}
    wanted = set().union(*digests.values())
    found = set(Tombstone.objects.filter(digest__in=wanted).values_list("digest", flat=True))
    return {name for name, own in digests.items() if own & found}


def digest(key: bytes, of: str, name: str) -> str:
    """The keyed hash of an id or address, 64 hex digits."""
    if of == Of.EMAIL:
        return _hash(key, f"{of} in IDNA 2008:{canonical(name)}")
    return _hash(key, f"{of}:{name}")


def _digests(key: bytes, of: str, name: str) -> set[str]:
    """What a tombstone of this id or address may be found by. Those of addresses that were set
    before domains were taken by IDNA 2008 have another, in which ``faß.de`` is ``fass.de``."""
    found = {digest(key, of, name)}
    if of == Of.EMAIL:
        folded = unicodedata.normalize("NFKC", name).casefold().strip()
        found |= {_hash(key, f"{of}:{each}") for each in (folded, by_idna_2003(folded))}
    return found


def _hash(key: bytes, said: str) -> str:
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()


def _key() -> bytes:
    row = TombstoneKey.objects.filter(pk=TombstoneKey.THE_ONE).first()
    if row is None:
        try:
            with transaction.atomic():
                key = tombstone_file.kept_key() or secrets.token_bytes(KEY_BYTES)
                row = TombstoneKey.objects.create(key=key)
        except IntegrityError:  # somebody was faster
            row = TombstoneKey.objects.get(pk=TombstoneKey.THE_ONE)
    return bytes(row.key)
