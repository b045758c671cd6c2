"""Which certificates are a client's by their subject: ``tls_client_auth`` (RFC 8705 §2.1)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

METHOD = "tls_client_auth"
_PREFIX = "tls_client_auth_"
NAMES = tuple(
    _PREFIX + name for name in ("subject_dn", "san_dns", "san_uri", "san_ip", "san_email")
)
"""The metadata of which a client registers exactly one (§2.1.2)."""
_OIDS = {"emailAddress": NameOID.EMAIL_ADDRESS, "serialNumber": NameOID.SERIAL_NUMBER}

Name = tuple[frozenset[tuple[ObjectIdentifier, str]], ...]


def registered(metadata: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The names and values that are registered."""
    return [(name, metadata[name]) for name in NAMES if metadata.get(name)]


def is_registrable(metadata: Mapping[str, Any]) -> bool:
    """Whether exactly one name is registered, with a value that a certificate could have."""
    try:
        ((name, value),) = registered(metadata)
        _canonical(name, value)
    except ValueError:
        return False
    return True


def matches(metadata: Mapping[str, Any], certificate: x509.Certificate) -> bool:
    """Whether ``certificate`` is about whom the client registered.

    That it can be trusted is not asked here. False too for a registration that is none.
    """
    try:
        ((name, value),) = registered(metadata)
        expected = _canonical(name, value)
        if name == "tls_client_auth_subject_dn":
            return bool(expected == _canonical_name(certificate.subject))
        return any(
            expected == _canonical(name, each) for each in _alternative_names(certificate, name)
        )
    except ValueError:
        return False


def _canonical(name: str, value: str) -> Any:
    """A value so that equal ones compare as equal. Raises ``ValueError``."""
    match name.removeprefix(_PREFIX):
        case "subject_dn":
            return _canonical_name(x509.Name.from_rfc4514_string(value, _OIDS))
        case "san_dns":
            return value.lower()
        case "san_ip":
            return ipaddress.ip_address(value)
        case "san_email":
            mailbox, at, domain = value.rpartition("@")
            if not (mailbox and at and domain):
                raise ValueError("not an email address")
            return mailbox, domain.lower()
    return value  # a URI is compared character by character


def _canonical_name(name: x509.Name) -> Name:
    """A distinguished name without what makes no difference: case, and the spaces at the ends and
    beyond one inside a value (RFC 4517 §4.2.11, RFC 5280 §7.1). Raises ``ValueError`` for an
    empty one."""
    if not name.rdns:
        raise ValueError("the name is empty")
    return tuple(
        frozenset((part.oid, " ".join(str(part.value).casefold().split())) for part in rdn)
        for rdn in name.rdns
    )


def _alternative_names(certificate: x509.Certificate, name: str) -> Iterable[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    match name.removeprefix(_PREFIX):
        case "san_dns":
            return found.get_values_for_type(x509.DNSName)
        case "san_uri":
            return found.get_values_for_type(x509.UniformResourceIdentifier)
        case "san_ip":
            return map(str, found.get_values_for_type(x509.IPAddress))
    return found.get_values_for_type(x509.RFC822Name)
