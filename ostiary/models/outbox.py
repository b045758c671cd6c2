"""Messages and jobs that must not be lost."""

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..encryption import EncryptedTextField
from ..ids import uuid7


class OutboxMessage(models.Model):
    """One message, written in the transaction of what it tells.

    ``payload`` is JSON, encrypted, and null once the message is done. ``attempts`` counts claims,
    so that a message whose worker dies each time ends too; ``leased_until`` is set while a worker
    holds it. ``drop_reason`` says why it was given up, by whoever did. ``mentions`` are hashes by
    which it is found when a person of whom it speaks is erased; ``null`` has to be looked through.
    """

    class Queue(models.TextChoices):
        """Who waits for it, and for whose server: what hangs in one holds up none of the others."""

        URGENT = "urgent", _("urgent")  # codes and links by mail: somebody sits and waits
        SMS = "sms", _("text messages")
        NORMAL = "normal", _("normal")  # notices by mail
        BULK = "bulk", _("bulk")  # what is told to the servers of others

    class State(models.TextChoices):
        """What is to become of it."""

        PENDING = "pending", _("waiting")
        DONE = "done", _("delivered")
        PARKED = "parked", _("parked")
        DROPPED = "dropped", _("dropped")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=64)
    key = models.CharField(
        _("idempotency key"), max_length=200, null=True, blank=True, unique=True, editable=False
    )
    queue = models.CharField(
        _("queue"),
        max_length=10,
        choices=Queue.choices,
        default=Queue.NORMAL,
        db_default=Queue.NORMAL,
    )
    payload = EncryptedTextField(null=True, editable=False)
    mentions: Any = models.JSONField(null=True, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.PENDING
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    drop_reason = models.CharField(
        _("drop reason"), max_length=200, blank=True, default="", db_default=""
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox messages")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["queue", "next_attempt_at"],
                condition=models.Q(state="pending"),
                name="ostiary_outbox_queue",
            ),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(state__in=["done", "dropped"]),
                name="ostiary_outbox_over",
            ),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(state="parked"),
                name="ostiary_outbox_given_up",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(mentions__isnull=True),
                name="ostiary_outbox_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
