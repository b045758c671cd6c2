"""The key under which a person's details are encrypted in what can't be deleted."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..encryption import EncryptedBinaryField
from ..ids import random_name, uuid7


class PersonKey(models.Model):
    """One person's data key, wrapped by the ring, and the name by which the log calls them.

    The log can't be changed, so it never has the person's own id: only ``pseudonym``, which is
    random. Once the person is erased ``subject`` and ``key`` are null, and nobody can tell any
    more whose the pseudonym was.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.CharField(max_length=64, unique=True, null=True)
    pseudonym = models.CharField(max_length=64, unique=True, default=random_name, editable=False)
    key = EncryptedBinaryField(null=True, editable=False)
    destroyed_at = models.DateTimeField(_("destroyed"), null=True, blank=True)

    def __str__(self) -> str:
        return self.pseudonym
