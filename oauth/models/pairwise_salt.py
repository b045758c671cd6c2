"""The secret from which pairwise subjects are made."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q

from ostiary.encryption import EncryptedBinaryField


def new_salt() -> bytes:
    """256 random bits."""
    return secrets.token_bytes(32)


class PairwiseSalt(models.Model):
    """One row, made at first use and never changed: with another salt every person would be
    somebody else to every client that knows them by a pairwise subject (OIDC Core §8.1)."""

    THE_ONE = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    salt = EncryptedBinaryField(editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="ostiary_oauth_one_pairwise_salt")
        ]

    def __str__(self) -> str:
        return "the salt of pairwise subjects"
