"""Receipts: signed statements of what was erased, which hold nothing personal.

A compact JWS signed by a key that is derived from the ring and belongs to receipts, and to what
regions say to each other, alone. The public keys are kept, so that a receipt can be verified as
long as the database lives, and published, so that whoever has them can verify it without us.

Where the site has other regions, the receipt of an erasure holds each one's own, in ``regions``:
a region that answers for an erasure says in ``answers`` for which one, and of whom it was asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from . import jws
from .encryption import ring
from .models import ReceiptKey, RegionKey

TYPE = "erasure-receipt+jwt"
MAX_LENGTH = 200_000
"""Characters of a receipt, of all regions together."""

JWKs = Iterable[Mapping[str, Any]]


class InvalidReceipt(Exception):
    """The text is no receipt of ours. What it says is for whoever brought it."""


def private_keys() -> list[Ed25519PrivateKey]:
    """One for each key of the ring, newest first."""
    return [Ed25519PrivateKey.from_private_bytes(key) for key in ring().derive_all("receipts")]


def sign(claims: Mapping[str, Any]) -> str:
    """A receipt of these claims, by the newest key, whose public half is kept in the same
    transaction."""
    key = private_keys()[0]
    x = jws.x_of(key)
    ReceiptKey.objects.bulk_create([ReceiptKey(kid=jws.thumbprint(x), x=x)], ignore_conflicts=True)
    return jws.sign(claims, TYPE, key)


def public_keys() -> dict[str, Any]:
    """The keys that receipts are verified by, as a JWK Set (RFC 7517 §5)."""
    of_the_ring = map(jws.x_of, private_keys())
    known = {*of_the_ring, *ReceiptKey.objects.values_list("x", flat=True)}
    return {"keys": sorted(map(jws.jwk, known), key=lambda key: key["kid"])}


def keys_of_region(name: str) -> list[dict[str, str]]:
    """The keys by which another region has signed receipts that we took."""
    return [jws.jwk(x) for x in RegionKey.objects.filter(region=name).values_list("x", flat=True)]


def verify(
    receipt: str, keys: JWKs | None = None, region_keys: Mapping[str, JWKs] | None = None
) -> dict[str, Any]:
    """The claims of a receipt, whose receipts of other regions are verified too. Raises
    ``InvalidReceipt``.

    ``keys`` are the JWKs to believe, by default our own (``public_keys``), and ``region_keys``
    those of each other region by its name, by default those that we know.
    """
    text = receipt.strip()
    try:
        known = public_keys()["keys"] if keys is None else keys
        claims = jws.verify(text, TYPE, known, MAX_LENGTH)
    except jws.InvalidJWS as problem:
        raise InvalidReceipt(str(problem)) from None
    of_regions(claims, region_keys)
    return claims


def written_in(text: str) -> list[str]:
    """The receipts in a text: as they are, one a line; or in JSON as ``erase_user --json`` prints
    it, one object or several, or a list. Raises ``InvalidReceipt``.
    """
    text = text.removeprefix("\ufeff").strip()
    if not text:
        raise InvalidReceipt("The input is empty.")
    if text[0] not in '{["':
        return text.split()
    found: list[str] = []
    while text:
        try:
            value, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError) as problem:
            raise InvalidReceipt(f"The input is neither a receipt nor JSON: {problem}") from None
        found.extend(map(_receipt_of, value if isinstance(value, list) else [value]))
        text = text[end:].lstrip()
    if not found:
        raise InvalidReceipt("The list holds no receipt.")
    return found


def _receipt_of(value: Any) -> str:
    """The receipt of an object that ``erase_user --json`` printed."""
    receipt = value.get("receipt", "") if isinstance(value, dict) else value
    if receipt is None:
        told = (str(value.get(key, ""))[:100] for key in ("id", "state"))
        raise InvalidReceipt("Erasure {} is {}: there is no receipt yet.".format(*told))
    if not isinstance(receipt, str) or not receipt:
        raise InvalidReceipt('The JSON has no "receipt".')
    return receipt


def of_regions(
    claims: Mapping[str, Any], region_keys: Mapping[str, JWKs] | None = None
) -> dict[str, dict[str, Any]]:
    """What the receipts of other regions say that a verified one holds, by region. Raises
    ``InvalidReceipt``."""
    said: dict[str, dict[str, Any]] = {}
    given = claims.get("regions", [])
    if not isinstance(given, list):
        raise InvalidReceipt("It is not written as a receipt is.")
    for each in given:
        if not isinstance(each, dict) or {type(value) for value in each.values()} != {str}:
            raise InvalidReceipt("It is not written as a receipt is.")
        name, receipt = str(each.get("region")), str(each.get("receipt"))
        if name in said:
            raise InvalidReceipt(f"It holds two receipts of the region {name}.")
        keys = keys_of_region(name) if region_keys is None else region_keys.get(name, ())
        asked_by, erasure = str(claims.get("region")), str(claims.get("jti"))
        said[name] = verify_regional(receipt, keys, name, asked_by, erasure)
    return said


def verify_regional(
    receipt: str, keys: JWKs, region: str, asked_by: str, erasure: str
) -> dict[str, Any]:
    """What ``region`` says of the erasure that it was asked for by another one. Raises
    ``InvalidReceipt``, also for a receipt of anything else."""
    try:
        claims = jws.verify(receipt, TYPE, keys, MAX_LENGTH)
    except jws.InvalidJWS as problem:
        raise InvalidReceipt(f"The receipt of the region {region}: {problem}") from None
    wanted = {"region": asked_by, "erasure": erasure}
    if claims.get("region") != region or claims.get("answers") != wanted or "regions" in claims:
        raise InvalidReceipt(f"The receipt of the region {region} is of another erasure.")
    return claims
