"""What operators ask of passkeys, beside what WebAuthn does."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from fido2.webauthn import AuthenticatorData, RegistrationResponse

from .attestation import check_attestation
from .conf import passkeys_settings
from .models import AuthenticatorModel, Credential
from .verification import CeremonyRefused


def check_registration(user: Any, registration: RegistrationResponse) -> None:
    """That a new passkey is one of those that are taken. ``device_bound``, ``attestation``,
    ``model``."""
    attestation = registration.response.attestation_object
    check_use(user, attestation.auth_data)
    if passkeys_settings.ATTESTATION != "direct":
        return
    assert attestation.auth_data.credential_data is not None  # noqa: S101
    aaguid = UUID(bytes=bytes(attestation.auth_data.credential_data.aaguid))
    allowed = [UUID(each) for each in passkeys_settings.ALLOWED_AAGUIDS]
    if allowed and aaguid not in allowed:
        raise CeremonyRefused("model")
    check_attestation(
        attestation,
        registration.response.client_data.hash,
        AuthenticatorModel.objects.filter(aaguid=aaguid).first(),
        timezone.now(),
    )


def check_use(user: Any, data: AuthenticatorData) -> None:
    """That the person may use a passkey of this kind. ``device_bound``."""
    if data.is_backup_eligible() and must_be_device_bound(user):
        raise CeremonyRefused("device_bound")


def must_be_device_bound(user: Any) -> bool:
    """Whether the person is in a group whose passkeys must not be copied to other devices."""
    groups = passkeys_settings.DEVICE_BOUND_GROUPS
    return bool(groups) and hasattr(user, "groups") and user.groups.filter(name__in=groups).exists()


def hints(user: Any) -> list[str]:
    """What a browser is to offer first for a new passkey (§5.8.7): a security key to who may have
    no synced one, which the device itself would make."""
    return ["security-key"] if must_be_device_bound(user) else []


def check_room(user: Any) -> None:
    """That the person may have one more; in a transaction that holds their row. ``too_many``."""
    if is_full(Credential.objects.filter(user=user).count()):
        raise CeremonyRefused("too_many")


def is_full(owned: int) -> bool:
    """Whether a person who has ``owned`` passkeys may have no more."""
    return owned >= passkeys_settings.MAX_PER_PERSON
