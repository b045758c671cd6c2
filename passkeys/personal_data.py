"""What is kept of a person's passkeys: told to them, and erased with them."""

from __future__ import annotations

from typing import Any

from fido2.utils import websafe_encode

from .models import Ceremony, Credential, UserHandle


def export(user: Any) -> dict[str, Any]:
    """Each passkey, and the handle by which authenticators know the person. Public keys are none
    of their secrets, and mean nothing to them."""
    handle = UserHandle.objects.filter(user=user).first()
    return {
        "user_handle": websafe_encode(bytes(handle.handle)) if handle else None,
        "passkeys": [
            {
                "name": kept.name,
                "credential_id": websafe_encode(bytes(kept.credential_id)),
                "authenticator_model": str(kept.aaguid),
                "synced": kept.backup_eligible,
                "created_at": kept.created_at.isoformat(),
                "last_used_at": kept.last_used_at and kept.last_used_at.isoformat(),
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
