"""Certificate-bound access tokens (RFC 8705 §3)."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from oauth.resource_server import mtls

from .certificates import FORMS, new_certificate


@pytest.mark.parametrize("form", FORMS)
def test_a_certificate_is_read_in_every_form_that_proxies_send(form):
    certificate = new_certificate()

    assert mtls.certificate_in(form(certificate)) == certificate


@pytest.mark.parametrize(
    "value",
    ["", ":", "::", "x", ":x:", "é", "AAAA", ":AAAA:", "-----BEGIN CERTIFICATE-----", "(null)"],
)
def test_what_is_no_certificate_is_a_value_error(value):
    with pytest.raises(ValueError):  # noqa: PT011  (of base64 or of cryptography)
        mtls.certificate_in(value)


def test_the_thumbprint_is_the_sha_256_of_the_der_form():
    certificate = new_certificate()
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()

    assert mtls.thumbprint(certificate) == base64.urlsafe_b64encode(digest).decode().rstrip("=")
