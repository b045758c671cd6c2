"""Certificates of clients, and how proxies pass them on."""

from __future__ import annotations

import base64
import datetime
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding


def new_certificate(
    common_name: str = "client.example",
    *,
    subject: str = "",
    names: tuple[x509.GeneralName, ...] = (),
    key=None,
    days: tuple[int, int] = (-1, 1),
) -> x509.Certificate:
    """A certificate that its own key has signed, good for the days around now that are told.

    ``subject`` is a distinguished name by RFC 4514, ``names`` are the alternative ones.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string(subject or f"CN={common_name}")
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, SHA256())


def as_base64(certificate: x509.Certificate) -> str:
    """The DER form in Base64."""
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def as_client_cert(certificate: x509.Certificate) -> str:
    """``Client-Cert`` of RFC 9440."""
    return f":{as_base64(certificate)}:"


def as_escaped_pem(certificate: x509.Certificate) -> str:
    """nginx's ``$ssl_client_escaped_cert``."""
    return quote(certificate.public_bytes(Encoding.PEM).decode(), safe="")


FORMS = (as_base64, as_client_cert, as_escaped_pem)
