"""Messages and jobs that must not be lost."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..encryption import EncryptedTextField
from ..ids import uuid7


class OutboxMessage(models.Model):
    """One message, written in the transaction of what it tells.

    ``payload`` is JSON, encrypted, and null once the message is done. ``attempts`` counts claims,
    so that a message whose worker dies each time ends too; ``leased_until`` is set while a worker
    holds it.
    """

    class State(models.TextChoices):
        """What is to become of it."""

        PENDING = "pending", _("waiting")
        DONE = "done", _("delivered")
        PARKED = "parked", _("parked")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=64)
    key = models.CharField(
        _("idempotency key"), max_length=200, null=True, blank=True, unique=True, editable=False
    )
    payload = EncryptedTextField(null=True, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PENDING
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    leased_until = models.DateTimeField(_("held by a worker until"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state="pending"),
                name="ostiary_outbox_due",
            ),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(state="done"),
                name="ostiary_outbox_done",
            ),
            models.Index(
                fields=["created_at"],
                condition=models.Q(state="parked"),
                name="ostiary_outbox_parked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
