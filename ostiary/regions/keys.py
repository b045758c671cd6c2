"""The keys of regions: ours, for the others, and theirs, which we ask them for or which are given.

A process keeps what it was told for ``KEEP_SECONDS``, and asks again, at most every
``PAUSE_SECONDS``, where a token names a key that it doesn't know.
"""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

from .. import jws, receipts
from ..models import RegionKey
from . import link
from .configured import Region

log = logging.getLogger(__name__)

PATH = "/regions/keys.json"
RECEIPTS_PATH = "/privacy/receipts/keys.json"
KEEP_SECONDS = 300
PAUSE_SECONDS = 10
WITHOUT_SECONDS = 24 * 3600
"""For so long keys are believed while nobody can be asked whether they still are the region's."""
MOST = 200

JWKs = list[dict[str, Any]]
_told: dict[tuple[Region, str], tuple[float, float, JWKs]] = {}
"""When it was last asked for, when last told, and what."""


def ours() -> dict[str, Any]:
    """The keys that the others are to believe now, as a JWK Set (RFC 7517 §5): those of the ring
    alone, so that one that has left it proves nothing any more."""
    return {"keys": [jws.jwk(jws.x_of(key)) for key in receipts.private_keys()]}


def of(region: Region, kid: str = "") -> JWKs:
    """The keys by which another region speaks now, fetched anew if ``kid`` is not among them.
    Raises ``link.LinkError`` where none are known."""
    return _at(region, PATH, kid)


def of_receipts(region: Region, kid: str) -> JWKs:
    """The keys by which another region has ever signed receipts: one may have waited for longer
    than its key is in the ring there. Raises ``link.LinkError``."""
    return _at(region, RECEIPTS_PATH, kid)


def _at(region: Region, path: str, kid: str) -> JWKs:
    if region.keys_file:
        return _sound(json.loads(Path(region.keys_file).read_text(encoding="utf-8")))
    now = time.monotonic()
    asked_at, told_at, known = _told.get((region, path), (now - PAUSE_SECONDS, now, []))
    is_known = any(key["kid"] == kid for key in known) if kid else bool(known)
    if now - asked_at < (KEEP_SECONDS if is_known else PAUSE_SECONDS):
        if not known:
            raise link.LinkError("Its keys could not be had just now.")
        return known
    # Before it is asked: of many who come with a strange key, one waits for the answer.
    _told[region, path] = now, told_at, known
    try:
        known, told_at = _fetch(region, path), now
    except link.LinkError:
        # It is away, and may yet ask something of us; but a key that was stolen is not for ever.
        if not known or now - told_at > WITHOUT_SECONDS:
            raise
    _told[region, path] = now, told_at, known
    return known


def _fetch(region: Region, path: str) -> JWKs:
    answer = link.ask(region.url, path, seconds=5)
    if answer.status != 200:
        raise link.LinkError(f"Its keys: HTTP {answer.status}.")
    try:
        return _sound(json.loads(answer.body))
    except (ValueError, RecursionError):
        raise link.LinkError("Its keys are no JWK Set.") from None


def _sound(told: Any) -> JWKs:
    """The Ed25519 keys of a JWK Set, each by its thumbprint, whatever it calls itself.

    None that is ours: what we signed would prove that another said it.
    """
    found = told.get("keys") if isinstance(told, dict) else None
    given = found[:MOST] if isinstance(found, list) else []
    ours_too = {jws.x_of(key) for key in receipts.private_keys()}
    sound = [jws.jwk(key["x"]) for key in given if isinstance(key, dict) and _is_ed25519(key)]
    if shared := [key for key in sound if key["x"] in ours_too]:
        log.error("A region has our own key: each needs FIELD_ENCRYPTION_KEYS of its own.")
    return [key for key in sound if key not in shared]


def _is_ed25519(key: dict[str, Any]) -> bool:
    return key.get("kty") == "OKP" and key.get("crv") == "Ed25519" and isinstance(key.get("x"), str)


def keep(region: Region, receipt: str) -> None:
    """Keep the key by which ``region`` signed a receipt that was verified."""
    kid = jws.unverified(receipt, receipts.MAX_LENGTH)[0]["kid"]
    signed_by = [key["x"] for key in of_receipts(region, kid) if key["kid"] == kid]
    RegionKey.objects.bulk_create(
        [RegionKey(region=region.name, x=x) for x in signed_by], ignore_conflicts=True
    )
