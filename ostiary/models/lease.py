"""What only one process may be at, whichever it is."""

from django.db import models


class Lease(models.Model):
    """Somebody is at work on ``name``, and until then nobody else is."""

    name = models.CharField(primary_key=True, max_length=64)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
