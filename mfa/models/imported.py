"""What was taken over from other packages: each row of theirs once."""

from __future__ import annotations

from django.db import models


class ImportedFactor(models.Model):
    """A row that ``import_factors`` has taken over. It stays when the factor goes, so that a
    second run does not bring back what its person has removed."""

    table = models.CharField(max_length=64)
    row = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["table", "row"], name="ostiary_mfa_imported_once")
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.row}"
