"""What applications are still to be told of people who were erased."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary.encryption import EncryptedTextField
from ostiary.ids import uuid7
from ostiary.models import OutboxMessage

from .client import Client


class ErasureNotice(models.Model):
    """That one person was erased, for one client, until it knows.

    ``subject`` is the ``sub`` by which the client knows them, and nothing else here does. The row
    goes once it is told, and with its message when that is given up for good.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    client = models.ForeignKey(
        Client,
        on_delete=models.CASCADE,
        related_name="erasure_notices",
        verbose_name=_("application"),
    )
    subject = EncryptedTextField(editable=False)
    created_at = models.DateTimeField(_("erased"), default=timezone.now)
    message = models.ForeignKey(
        OutboxMessage, on_delete=models.CASCADE, related_name="+", verbose_name=_("message")
    )

    class Meta:
        verbose_name = _("erasure notice")
        verbose_name_plural = _("erasure notices")
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.id)
