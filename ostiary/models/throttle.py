"""Counters of the throttle, for sites whose ``THROTTLE_STORAGE`` is the database."""

from django.db import models


class ThrottleCounter(models.Model):
    """How often a limit was hit in its window. ``key`` is a keyed hash: it names nobody."""

    key = models.CharField(primary_key=True, max_length=64)
    hits = models.PositiveIntegerField()
    expires_at = models.FloatField(db_index=True)

    def __str__(self) -> str:
        return self.key
