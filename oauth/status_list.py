"""The Token Status List: which tokens have been revoked, for APIs that ask nobody
(draft-ietf-oauth-status-list).

Each token has a number of its own, counted up by the database. 131072 of them in a row are a list;
a token's place in it is its number, shuffled by the salt of the list (§12.5: an index must not tell
when or how many were issued).
"""

from __future__ import annotations

import base64
import functools
import hashlib
import secrets
import time
import zlib
from collections.abc import Iterable
from typing import Any

from django.db.models import Max, Min
from django.utils import timezone

from . import jws, keys
from .issuer import endpoint, issuer
from .models import StatusList, TokenStatus

TYP = "statuslist+jwt"
MEDIA_TYPE = f"application/{TYP}"
INDEX_BITS = 17
SIZE = 1 << INDEX_BITS
"""Tokens in a list, each of one bit."""
TTL = 30
"""Seconds for which an API may keep a list, and so how late it may learn of a revocation."""
LIFETIME = 900
"""Seconds for which a list is good when no newer one can be had."""
SIGNING_ALG = "ES256"
_FRESH = 10
"""Seconds within which a list of the same content is not signed anew."""
_HALF = 9
_ROUNDS = 4

_salts: dict[int, str] = {}


def forget() -> None:
    """Read the salts anew (after the database has been emptied)."""
    _salts.clear()


# --- places --------------------------------------------------------------------------------------


def place(status_id: int) -> tuple[int, int]:
    """The number of the list in which a token is, and its index there. No statement once the list
    is known to the process."""
    number, offset = divmod(status_id, SIZE)
    salt = _salts.get(number)
    if salt is None:
        row, created = StatusList.objects.get_or_create(
            number=number, defaults={"salt": secrets.token_hex(16)}
        )
        salt = row.salt
        # One made in this transaction may yet be rolled back.
        if not created:
            _salts[number] = salt
    return number, shuffled(offset, salt)


def shuffled(offset: int, salt: str) -> int:
    """A permutation of the numbers below ``SIZE``: a Feistel network over 18 bits, walked until it
    comes to 17."""
    mask = (1 << _HALF) - 1
    value = offset
    while True:
        left, right = value >> _HALF, value & mask
        for turn in range(_ROUNDS):
            seed = f"{salt}.{turn}.{right}".encode()
            left, right = (
                right,
                left ^ (int.from_bytes(hashlib.blake2s(seed, digest_size=2).digest()) & mask),
            )
        value = left << _HALF | right
        if value < SIZE:
            return value


def claim(status_id: int) -> dict[str, Any]:
    """The ``status`` claim of a token (§6.1)."""
    number, index = place(status_id)
    return {"status_list": {"idx": index, "uri": uri(number)}}


def uri(number: int) -> str:
    """The address of a list."""
    return f"{endpoint('status_lists')}/{number}"


# --- lists ---------------------------------------------------------------------------------------


def pack(revoked: Iterable[int], size: int = SIZE) -> bytes:
    """The bits of a list, the first in the lowest bit of the first byte (§4.1)."""
    bits = bytearray(size // 8)
    for index in revoked:
        bits[index >> 3] |= 1 << (index & 7)
    return bytes(bits)


def encode(bits: bytes) -> str:
    """The ``lst`` of bits: compressed by zlib, in base64url (§4.1, §4.2)."""
    return base64.urlsafe_b64encode(zlib.compress(bits, 9)).rstrip(b"=").decode()


def current() -> list[str]:
    """The addresses of the lists in which a token lives (§9.3). One statement."""
    alive = TokenStatus.objects.filter(expires_at__gt=timezone.now())
    ends = alive.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return []
    return [uri(number) for number in range(ends["first"] // SIZE, ends["last"] // SIZE + 1)]


def published(number: int) -> tuple[str, str] | None:
    """The signed list of this number and the hash of what it says; ``None`` if there is none."""
    salt = _salts.get(number)
    if salt is None:
        row = StatusList.objects.filter(number=number).first()
        if row is None:
            return None
        salt = _salts[number] = row.salt
    revoked = TokenStatus.objects.filter(
        pk__gte=number * SIZE,
        pk__lt=(number + 1) * SIZE,
        revoked_at__isnull=False,
        expires_at__gt=timezone.now(),
    ).values_list("pk", flat=True)
    bits = pack(shuffled(pk % SIZE, salt) for pk in revoked)
    moment = int(time.time()) // _FRESH * _FRESH
    told = hashlib.sha256(f"{uri(number)} {moment} ".encode() + bits).hexdigest()
    return _signed(number, bits, moment, keys.active(SIGNING_ALG).kid), told


@functools.lru_cache(maxsize=32)
def _signed(number: int, bits: bytes, moment: int, kid: str) -> str:
    """A Status List Token (§5.1); ``kid`` makes one anew when the key is another."""
    claims = {
        "iss": issuer(),
        "sub": uri(number),
        "iat": moment,
        "exp": moment + LIFETIME,
        "ttl": TTL,
        "status_list": {"bits": 1, "lst": encode(bits)},
    }
    return jws.sign(claims, alg=SIGNING_ALG, typ=TYP)
