"""Certificates of clients, passed on by a TLS proxy (RFC 8705, RFC 9440)."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


def certificate_in(value: str) -> x509.Certificate:
    """The certificate in a header's value.

    Taken are a byte sequence between colons (``Client-Cert``, RFC 9440 §2.1), a PEM file that is
    percent-encoded (nginx's ``$ssl_client_escaped_cert``), and the Base64 of the DER form. Raises
    ``ValueError`` for anything else.
    """
    text = value.strip()
    try:
        if "-----BEGIN" in text:
            return x509.load_pem_x509_certificate(unquote(text).encode())
        if text.startswith(":") and text.endswith(":"):
            text = text[1:-1]
        return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
    except x509.InvalidVersion as problem:
        raise ValueError(str(problem)) from problem


def thumbprint(certificate: x509.Certificate) -> str:
    """The ``x5t#S256`` of a certificate (RFC 8705 §3.1)."""
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
