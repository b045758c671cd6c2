"""A maker of authenticators, who attests them, and the metadata service that tells of them: with
certificates of their own, in the shape of the real ones."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from fido2.utils import websafe_encode

from tests.passkeys.authenticator import Attest, sign

AAGUID = UUID("12345678-9abc-4def-8123-456789abcdef")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OID_AAGUID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def name(common: str, unit: str = "Test") -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Maker"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def certificate(
    subject: x509.Name,
    key: Any,
    issuer: x509.Name,
    issuer_key: Any,
    *extensions: tuple[x509.ExtensionType, bool],
    ca: bool = False,
    until: datetime = NOW + timedelta(days=3650),
) -> x509.Certificate:
    """A certificate, version 3, with the identifiers of its keys."""
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=3650))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(identifier, critical=False)
    )
    if ca:
        may = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(may, critical=True)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def der(each: x509.Certificate) -> bytes:
    return each.public_bytes(Encoding.DER)


class Maker:
    """Makes authenticators of one model, whose attestation leads to its own root."""

    def __init__(self, aaguid: UUID = AAGUID) -> None:
        self.aaguid = aaguid
        self.root_key, self.key = new_key(), new_key()
        self.root_name = name("Maker Root")
        self.root = certificate(
            self.root_name, self.root_key, self.root_name, self.root_key, ca=True
        )
        self.leaf = self.certify(aaguid)

    def certify(self, aaguid: UUID, **how: Any) -> x509.Certificate:
        """A certificate to attest by (WebAuthn Level 3 §8.2.1)."""
        told = x509.UnrecognizedExtension(OID_AAGUID, b"\x04\x10" + aaguid.bytes)
        subject = name("Maker Batch 1", "Authenticator Attestation")
        return certificate(subject, self.key, self.root_name, self.root_key, (told, False), **how)

    def attest(self, *chain: x509.Certificate) -> Attest:
        """The format ``packed`` by the maker's key, with ``chain`` instead of its certificate."""

        def made(auth_data: bytes, client_data_hash: bytes) -> tuple[str, dict[str, Any]]:
            x5c = [der(each) for each in chain or [self.leaf]]
            signature = sign(self.key, auth_data + client_data_hash)
            return "packed", {"alg": -7, "sig": signature, "x5c": x5c}

        return made

    def entry(self, *statuses: str) -> dict[str, Any]:
        """What the metadata service says of the model."""
        return {
            "aaguid": str(self.aaguid),
            "statusReports": [{"status": each} for each in statuses or ["FIDO_CERTIFIED_L1"]],
            "timeOfLastStatusChange": "2026-01-01",
            "metadataStatement": {
                "description": "Maker Key",
                "attestationRootCertificates": [base64.b64encode(der(self.root)).decode()],
            },
        }


class Service:
    """A metadata service, with a root of its own in the place of FIDO's."""

    def __init__(self) -> None:
        self.root_key, self.key = new_key(), new_key()
        self.root_name = name("Service Root")
        self.root = certificate(
            self.root_name, self.root_key, self.root_name, self.root_key, ca=True
        )
        self.leaf = self.certify("mds.fidoalliance.org")

    def certify(self, host: str, **how: Any) -> x509.Certificate:
        return certificate(
            name(host),
            self.key,
            self.root_name,
            self.root_key,
            (x509.SubjectAlternativeName([x509.DNSName(host)]), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            **how,
        )

    def blob(
        self,
        *entries: dict[str, Any],
        number: int = 7,
        leaf: x509.Certificate | None = None,
        algorithm: str = "ES256",
        payload: Any = None,
    ) -> bytes:
        """A signed blob."""
        x5c = [base64.b64encode(der(leaf or self.leaf)).decode()]
        header = {"alg": algorithm, "typ": "JWT", "x5c": x5c}
        told = {"legalHeader": "", "no": number, "nextUpdate": "2026-12-01", "entries": entries}
        said = told if payload is None else payload
        message = ".".join(
            websafe_encode(json.dumps(part).encode()) for part in (header, said)
        ).encode()
        r, s = decode_dss_signature(sign(self.key, message))
        return message + b"." + websafe_encode(r.to_bytes(32) + s.to_bytes(32)).encode()
