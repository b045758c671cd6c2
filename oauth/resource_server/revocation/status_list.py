"""Token Status Lists (draft-ietf-oauth-status-list): bits that an issuer publishes, signed."""

from __future__ import annotations

import base64
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from .. import jws
from ..errors import AccessRefused, InvalidToken
from ..fetch import FetchError, fetch
from ..issuer import Issuer
from ..kept import Fetched, Kept

TYP = "statuslist+jwt"
VALID = 0
MAX_BYTES = 4 * 1024 * 1024
MAX_UNPACKED_BYTES = 16 * 1024 * 1024
"""What a compressed list may grow to."""
MAX_LISTS = 64
"""How many lists are kept."""
DEFAULT_SECONDS = 300.0
"""How long a list is fresh that names no ``ttl``."""


@dataclass(frozen=True)
class StatusList:
    """The statuses of many tokens, ``bits`` wide each."""

    bits: int
    packed: bytes

    def status(self, index: int) -> int:
        """What stands at ``index`` (§4.1). Raises ``IndexError`` beyond the end."""
        position, shift = divmod(index * self.bits, 8)
        return (self.packed[position] >> shift) & ((1 << self.bits) - 1)


class StatusLists:
    """The lists of one issuer, kept. Safe to use from many threads."""

    def __init__(self, issuer: Issuer, leeway: int) -> None:
        self._issuer, self._leeway = issuer, leeway
        self._lists: dict[str, Kept[StatusList]] = {}

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Whether the list that a token names says so; a token that names none is on no list.

        Raises ``InvalidToken`` for a reference that leads nowhere, and ``Unavailable`` where the
        list can't be had.
        """
        if "status" not in claims:
            return False
        uri, index = _reference(claims["status"])
        if _origin(uri) != _origin(self._issuer.url):
            raise InvalidToken
        try:
            return self._kept(uri).current().status(index) != VALID
        except IndexError:
            raise InvalidToken from None

    def _kept(self, uri: str) -> Kept[StatusList]:
        found = self._lists.get(uri)
        if found is None:
            if len(self._lists) >= MAX_LISTS:
                self._lists = {}
            found = self._lists.setdefault(uri, Kept(partial(self._ask, uri)))
        return found

    def _ask(self, uri: str) -> Fetched[StatusList]:
        answer = fetch(uri, headers={"Accept": f"application/{TYP}"}, max_bytes=MAX_BYTES)
        if answer.status != 200:
            raise FetchError(f"the status list has the status {answer.status}")
        try:
            claims = jws.claims_of(
                answer.body.decode("ascii").strip(),
                typ=(TYP, f"application/{TYP}"),
                issuer=self._issuer,
            )
        except AccessRefused:
            raise FetchError("the status list is not signed by the issuer") from None
        return read(claims, uri=uri, leeway=self._leeway)


def _reference(status: Any) -> tuple[str, int]:
    """The list and the index in it (§6.2). Raises ``InvalidToken``."""
    reference = status.get("status_list") if isinstance(status, dict) else None
    if not isinstance(reference, dict):
        raise InvalidToken
    uri, index = reference.get("uri"), reference.get("idx")
    if not isinstance(uri, str) or type(index) is not int or index < 0:
        raise InvalidToken
    return uri, index


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise InvalidToken from None
    return parts.scheme, parts.netloc.lower()


def read(claims: Mapping[str, Any], *, uri: str, leeway: int) -> Fetched[StatusList]:
    """The list in the claims of a Status List Token (§5.1, §8.3). Raises ``ValueError``.

    It is fresh for its ``ttl`` and of no use after its ``exp``.
    """
    now, ttl, exp = time.time(), claims.get("ttl", DEFAULT_SECONDS), claims.get("exp")
    if claims.get("sub") != uri or not jws.is_time(claims.get("iat")):
        raise ValueError("it is another status list")
    if not jws.is_time(ttl) or not ttl or claims["iat"] > now + leeway:
        raise ValueError("the status list has an impossible iat or ttl")
    if exp is None:
        usable = ttl
    elif jws.is_time(exp) and exp > now - leeway:
        usable = exp + leeway - now
    else:
        raise ValueError("the status list has expired")
    return Fetched(_unpacked(claims.get("status_list")), min(ttl, usable), usable)


def _unpacked(status_list: Any) -> StatusList:
    if not isinstance(status_list, dict) or status_list.get("bits") not in (1, 2, 4, 8):
        raise ValueError("the status list has no bits")
    lst = status_list.get("lst")
    if not isinstance(lst, str):
        raise ValueError("the status list has no lst")
    unpacker = zlib.decompressobj()
    try:
        compressed = base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4))
        packed = unpacker.decompress(compressed, MAX_UNPACKED_BYTES)
    except zlib.error as problem:
        raise ValueError("the lst is not compressed by ZLIB") from problem
    if not unpacker.eof:
        raise ValueError("the lst is too large or cut off")
    return StatusList(status_list["bits"], packed)
