"""Mutual TLS: clients known by their certificate, and tokens bound to it (RFC 8705).

The TLS connection ends at a proxy, which passes the certificate on in a header. What that header
says is believed only in a request that came through our own proxies.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from cryptography import x509
from django.http import HttpRequest
from django.utils import timezone

from ostiary.client_address import came_through_our_proxies

from . import client_keys, jwk, tls_client_auth
from .conf import oauth_settings
from .models import Client
from .resource_server.mtls import certificate_in, thumbprint

log = logging.getLogger(__name__)

SELF_SIGNED = "self_signed_tls_client_auth"
METHODS = (tls_client_auth.METHOD, SELF_SIGNED)
VERIFIED = "SUCCESS"
"""What nginx and Apache httpd say of a certificate whose chain they have verified."""


@dataclass(frozen=True)
class Shown:
    """The certificate of a connection; ``verified`` where the proxy trusts its chain."""

    certificate: x509.Certificate
    verified: bool

    @property
    def thumbprint(self) -> str:
        """Its ``x5t#S256`` (§3.1)."""
        return thumbprint(self.certificate)


def supported() -> tuple[str, ...]:
    """The methods that this site can honour, as its proxy is told to pass on what they need."""
    if not oauth_settings.CLIENT_CERTIFICATE_HEADER:
        return ()
    return METHODS if oauth_settings.CLIENT_CERTIFICATE_VERIFIED_HEADER else (SELF_SIGNED,)


def shown(request: HttpRequest) -> Shown | None:
    """The certificate that the client of ``request`` has shown to our proxy.

    ``None`` where it has shown none, one that can't be read, or one that is not valid at this time.
    """
    header = oauth_settings.CLIENT_CERTIFICATE_HEADER
    value = request.headers.get(header, "") if header else ""
    if not value or not came_through_our_proxies(request):
        return None
    try:
        certificate = certificate_in(value)
    except ValueError:
        log.warning("the client certificate that the proxy passed on can't be read")
        return None
    if not (certificate.not_valid_before_utc <= timezone.now() <= certificate.not_valid_after_utc):
        return None
    verified = oauth_settings.CLIENT_CERTIFICATE_VERIFIED_HEADER
    return Shown(certificate, bool(verified) and request.headers.get(verified) == VERIFIED)


def proves(client: Client, certificate: Shown | None) -> bool:
    """Whether ``certificate`` is the client's, by a method that it is registered for (§2)."""
    if certificate is None:
        return False
    return (
        tls_client_auth.METHOD in client.auth_methods
        and certificate.verified
        and tls_client_auth.matches(client.metadata, certificate.certificate)
    ) or (SELF_SIGNED in client.auth_methods and _has_key_of(client, certificate.certificate))


def _has_key_of(client: Client, certificate: x509.Certificate) -> bool:
    """Whether the certificate's key is one that the client has registered or publishes (§2.2):
    that of a certificate in ``x5c`` is told in the JWK too (RFC 7517 §4.7)."""
    key = certificate.public_key()
    return any(
        key == known
        for alg in jwk.ALGORITHMS
        for known in client_keys.find(client, alg=alg, kid=None)
    )
