"""What an authenticator attests of itself: that it is of a certain model (WebAuthn Level 3 §6.5.3).

Looked at where ``OSTIARY_PASSKEYS["ATTESTATION"]`` is ``"direct"``; the models and their roots are
those that ``manage.py import_mds`` has read.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from cryptography import x509
from fido2.attestation.base import Attestation, AttestationResult, verify_x509_chain
from fido2.attestation.packed import PackedAttestation
from fido2.attestation.tpm import TpmAttestation
from fido2.webauthn import AttestationObject

from .models import AuthenticatorModel
from .verification import CeremonyRefused

FORMATS: dict[str, Attestation] = {"packed": PackedAttestation(), "tpm": TpmAttestation()}
"""The formats that prove a model by certificates, of those that make passkeys (§8.2, §8.3)."""

COMPROMISED = frozenset(
    {
        "ATTESTATION_KEY_COMPROMISE",
        "REVOKED",
        "USER_KEY_PHYSICAL_COMPROMISE",
        "USER_KEY_REMOTE_COMPROMISE",
        "USER_VERIFICATION_BYPASS",
    }
)
"""Status reports after which a model is not taken (FIDO MDS v3.1 §3.1.4)."""


def check_attestation(
    attestation: AttestationObject,
    client_data_hash: bytes,
    model: AuthenticatorModel | None,
    now: datetime,
) -> None:
    """That the statement holds and leads to a root of ``model``, which isn't compromised (§7.1
    steps 21–24). ``attestation``, ``model``.

    A statement that the new key signs itself proves no model, and neither does none.
    """
    if model is None or COMPROMISED.intersection(model.statuses):
        raise CeremonyRefused("model")
    try:
        result: AttestationResult = FORMATS[attestation.fmt].verify(
            attestation.att_stmt, attestation.auth_data, client_data_hash
        )
        trusted = bool(result.trust_path) and _leads_to(result.trust_path, model.roots_der, now)
    except Exception as problem:  # hostile statements and certificates raise of everything
        raise CeremonyRefused("attestation") from problem
    if not trusted:
        raise CeremonyRefused("attestation")


def _leads_to(path: list[bytes], roots: list[bytes], now: datetime) -> bool:
    """Whether each certificate is signed by the next, and the last by a root or is one itself.

    Raises of everything. All but the first must be allowed to sign others (RFC 5280 §6.1.4 k);
    whether one was revoked is told by the status reports.
    """
    certificates = [x509.load_der_x509_certificate(each) for each in path]
    if not all(
        each.not_valid_before_utc <= now <= each.not_valid_after_utc for each in certificates
    ):
        return False
    for _, issuer in pairwise(certificates):
        if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    for root in roots:
        if root == path[-1]:
            verify_x509_chain(path)
            return True
        if x509.load_der_x509_certificate(root).subject == certificates[-1].issuer:
            verify_x509_chain([*path, root])
            return True
    return False
