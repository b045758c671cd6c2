"""What is kept of a person's passkeys, why and until when, in words for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from ostiary.kept_data import KeptData, has

from .models import Credential


def own(user: Any) -> Iterable[KeptData]:
    """Their passkeys, if they have any."""
    if has(Credential, user):
        yield KeptData(
            _("Your passkeys"),
            _(
                "To recognize them when you sign in. Their secret part, your face and your "
                "fingerprint never leave your device."
            ),
            _("Kept until you remove them."),
            "ostiary_passkeys:passkeys",
        )
