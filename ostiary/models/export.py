"""Copies of what is kept of people (GDPR articles 15 and 20): asked for, collected, and fetched."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..encryption import EncryptedTextField
from ..ids import uuid7
from .outbox import OutboxMessage


class Export(models.Model):
    """One copy for one person. At most one of a person is being collected at a time.

    Once it is ready, ``ExportChunk`` has the ZIP file, of ``size`` bytes in ``chunks`` rows that
    the attempt ``made_by`` wrote. ``message`` is the job that collects it. ``operator`` is the
    pseudonym of who asked for it in the person's place, and ``reason`` why. From ``expires_at`` on
    nobody gets it any more, and the clean-up removes it.
    """

    class State(models.TextChoices):
        """How far it has come."""

        WAITING = "waiting", _("in progress")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    class By(models.TextChoices):
        """Who asked for it."""

        PERSON = "person", _("the user")
        OPERATOR = "operator", _("an operator")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("user"),
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    requested_by = models.CharField(_("requested by"), max_length=10, choices=By)
    operator = models.CharField(_("operator"), max_length=64, blank=True, editable=False)
    reason = EncryptedTextField(null=True, editable=False)
    language = models.CharField(max_length=20, blank=True, editable=False)
    requested_at = models.DateTimeField(_("requested"), default=timezone.now, editable=False)
    message = models.ForeignKey(
        OutboxMessage, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    made_by = models.PositiveIntegerField(default=0, editable=False)
    chunks = models.PositiveIntegerField(default=0, editable=False)
    size = models.PositiveBigIntegerField(_("bytes"), default=0, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)
    fetched_at = models.DateTimeField(_("last downloaded"), null=True, editable=False)
    expires_at = models.DateTimeField(
        _("available until"), null=True, editable=False, db_index=True
    )

    class Meta:
        verbose_name = _("data export")
        verbose_name_plural = _("data exports")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(state="waiting"),
                name="ostiary_one_export_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_offered(self) -> bool:
        """Whether it can be fetched now."""
        until = self.expires_at
        return self.state == self.State.READY and until is not None and timezone.now() < until


class ExportChunk(models.Model):
    """A part of the ZIP file, encrypted under a key that is made of the person's own key."""

    id = models.BigAutoField(primary_key=True)
    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="+")
    attempt = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    data = models.BinaryField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["export", "attempt", "position"], name="ostiary_export_chunk_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
