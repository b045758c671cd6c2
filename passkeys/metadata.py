"""The FIDO Metadata Service: what its blob says of models of authenticators (FIDO MDS v3.1 §3.1).

The blob is a JWS that FIDO's own certificate signs. We read it from a file that the operator has
fetched, so that the site asks nobody.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from fido2.utils import websafe_decode

SIGNER = "mds.fidoalliance.org"
"""Whom the certificate that signs the blob is for (§3.2)."""
ROOTS_FILE = Path(__file__).with_name("mds_roots.pem")
"""GlobalSign's roots R46, which FIDO names now, and R3, which it named before."""


class BlobRefused(ValueError):
    """A blob that isn't to be believed; says why."""


@dataclass(frozen=True)
class Model:
    """One model: its AAGUID, what it is called, the status reports on it (§3.1.4), oldest first,
    and the roots of its attestation certificates, as DER."""

    aaguid: UUID
    description: str
    statuses: tuple[str, ...]
    roots: tuple[bytes, ...]


@dataclass(frozen=True)
class Blob:
    """The payload: its serial number, by when there is a next one, and the FIDO2 models in it."""

    number: int
    next_update: date
    models: tuple[Model, ...]


def read_blob(blob: bytes, roots: Sequence[x509.Certificate], now: datetime) -> Blob:
    """What the blob says, after its signature and chain were verified (§3.2, steps 4–6).

    Raises ``BlobRefused``. Revocation of the certificates is not looked up.
    """
    try:
        head, body, signature = blob.strip().split(b".")
        header = json.loads(websafe_decode(head))
        chain = [x509.load_der_x509_certificate(_base64(each)) for each in header["x5c"]]
        leaf = chain[0]
        algorithm = header["alg"]
    except (ValueError, KeyError, IndexError, TypeError) as problem:
        raise BlobRefused("It is not a signed blob of the metadata service.") from problem
    _verify_chain(leaf, chain[1:], roots, now)
    try:
        _verify_signature(leaf, algorithm, head + b"." + body, websafe_decode(signature))
    except (InvalidSignature, ValueError) as problem:
        raise BlobRefused("Its signature is wrong.") from problem
    try:
        payload = json.loads(websafe_decode(body))
        return Blob(
            int(payload["no"]),
            date.fromisoformat(payload["nextUpdate"]),
            tuple(_models(payload["entries"])),
        )
    except (ValueError, KeyError, TypeError) as problem:
        raise BlobRefused("What it says can't be read.") from problem


def default_roots() -> list[x509.Certificate]:
    """The roots that FIDO names, as they come with us."""
    return x509.load_pem_x509_certificates(ROOTS_FILE.read_bytes())


def _verify_chain(
    leaf: x509.Certificate,
    others: list[x509.Certificate],
    roots: Sequence[x509.Certificate],
    now: datetime,
) -> None:
    verifier = (
        PolicyBuilder()
        .store(Store(list(roots)))
        .time(now)
        .build_server_verifier(x509.DNSName(SIGNER))
    )
    try:
        verifier.verify(leaf, others)
    except VerificationError as problem:
        raise BlobRefused(f"Its certificate does not lead to a root: {problem}") from problem


def _verify_signature(
    leaf: x509.Certificate, algorithm: str, message: bytes, signature: bytes
) -> None:
    """By RS256 or ES256 (RFC 7518 §3), whichever the key is for."""
    key = leaf.public_key()
    if algorithm == "RS256" and isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    elif (
        algorithm == "ES256"
        and isinstance(key, ec.EllipticCurvePublicKey)
        and isinstance(key.curve, ec.SECP256R1)
        and len(signature) == 64
    ):
        numbers = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        key.verify(encode_dss_signature(*numbers), message, ec.ECDSA(hashes.SHA256()))
    else:
        raise ValueError("algorithm")


def _models(entries: Sequence[Mapping[str, Any]]) -> Iterator[Model]:
    """Those with an AAGUID: the others are of U2F and UAF, which make no passkeys."""
    for entry in entries:
        if "aaguid" in entry:
            statement = entry.get("metadataStatement", {})
            yield Model(
                UUID(entry["aaguid"]),
                str(statement.get("description", "")),
                tuple(str(report["status"]) for report in entry["statusReports"]),
                tuple(_base64(each) for each in statement.get("attestationRootCertificates", ())),
            )


def _base64(text: str) -> bytes:
    """Ordinary base64 (RFC 7515 §4.1.6); some entries have line ends in it."""
    return base64.b64decode("".join(text.split()), validate=True)
