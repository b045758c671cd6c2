"""The key under which a person's details are encrypted in what can't be deleted."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..encryption import EncryptedBinaryField
from ..ids import uuid7


class PersonKey(models.Model):
    """One person's data key, wrapped by the ring; ``key`` is null once it has been destroyed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.CharField(max_length=64, unique=True)
    key = EncryptedBinaryField(null=True, editable=False)
    destroyed_at = models.DateTimeField(_("destroyed"), null=True, blank=True)

    def __str__(self) -> str:
        return self.subject
