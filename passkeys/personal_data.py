"""What is kept of a person's passkeys: told to them, and erased with them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from fido2.utils import websafe_encode

from .models import Ceremony, Credential, UserHandle


def export(user: Any) -> dict[str, Any]:
    """Each passkey, and the handle by which authenticators know the person. A public key is no
    secret: nobody signs in by it."""
    handle = UserHandle.objects.filter(user=user).first()
    return {
        "user_handle": websafe_encode(bytes(handle.handle)) if handle else None,
        "passkeys": [
            {
                "name": kept.name,
                "credential_id": websafe_encode(bytes(kept.credential_id)),
                "public_key": websafe_encode(bytes(kept.public_key)),
                "imported_handle": kept.imported_handle
                and websafe_encode(bytes(kept.imported_handle)),
                "authenticator_model": kept.aaguid,
                "transports": kept.transports,
                "verifies_its_user": kept.user_verified,
                "synced": kept.backup_eligible,
                "created_at": kept.created_at,
                "last_used_at": kept.last_used_at,
            }
            for kept in Credential.objects.filter(user=user)
        ],
    }


def erase(user: Any) -> dict[str, int]:
    """Forget the same, and ceremonies under way; returns how many rows of what."""
    return {
        model._meta.label: model._default_manager.filter(user=user).delete()[0]
        for model in (Credential, Ceremony, UserHandle)
    }


LABELS = {
    "passkeys": _("Passkeys"),
    "user_handle": _("Your ID on your authenticators"),
    "authenticator_model": _("Authenticator model"),
    "created_at": _("Created"),
    "credential_id": _("Credential ID"),
    "imported_handle": _("Your earlier ID on your authenticators"),
    "last_used_at": _("Last used"),
    "public_key": _("Public key"),
    "synced": _("Synced"),
    "transports": _("Transports"),
    "verifies_its_user": _("Verifies you"),
}
