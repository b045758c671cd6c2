"""Identifiers that may be used once: the ``jti`` of proofs and assertions."""

from django.db import models


class UsedIdentifier(models.Model):
    """One identifier that was used; its row may go once what bore it has expired."""

    key = models.CharField(primary_key=True, max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key
