"""What is left of people who were erased: enough to know them again, and no more."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..encryption import EncryptedBinaryField
from ..ids import uuid7


class Tombstone(models.Model):
    """A keyed hash of something that named an erased person: their id, or an address.

    Who has it before them can be told that it is that of someone erased; from the hash alone
    nobody learns what it was.
    """

    class Of(models.TextChoices):
        """What was hashed."""

        ID = "id", _("id")
        EMAIL = "email", _("email address")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    of = models.CharField(max_length=10, choices=Of.choices)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    erased_at = models.DateTimeField(_("erased"), default=timezone.now)

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")

    def __str__(self) -> str:
        return self.digest[:8]


class TombstoneKey(models.Model):
    """The key of those hashes: one, for as long as the database lives.

    It isn't derived from the ring, whose keys come and go, but wrapped by it.
    """

    THE_ONE = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE)
    key = EncryptedBinaryField(editable=False)

    def __str__(self) -> str:
        return "tombstone key"
