"""Erasure of people: what was asked for, and how far it has come."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..encryption import EncryptedTextField
from ..ids import uuid7


class Erasure(models.Model):
    """One person's erasure. Once it is done ``subject`` and what is encrypted are null: the row
    then says that somebody was erased, and not who.

    ``emails`` is JSON: each address, and whether it is known to be theirs, for the last message and
    the tombstones; ``null`` for one that was theirs once, or was to be. ``kept`` says what stays,
    as the receipt does.
    """

    class State(models.TextChoices):
        """How far it has come."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    class By(models.TextChoices):
        """Who asked for it."""

        PERSON = "person", _("the user")
        OPERATOR = "operator", _("an operator")
        COMMAND = "command", _("a command")
        REGION = "region", _("another region")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.CharField(_("user"), max_length=64, null=True, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    requested_by = models.CharField(_("requested by"), max_length=10, choices=By.choices)
    operator = models.CharField(_("operator"), max_length=64, blank=True, editable=False)
    reason = EncryptedTextField(null=True, editable=False)
    emails = EncryptedTextField(null=True, editable=False)
    kept: Any = models.JSONField(_("retained"), default=list, editable=False)
    language = models.CharField(max_length=20, blank=True, editable=False)
    home_region = models.CharField(_("home region"), max_length=32, blank=True, db_default="")
    requested_at = models.DateTimeField(_("requested"), default=timezone.now)
    due_at = models.DateTimeField(_("due"))
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    receipt = models.TextField(_("receipt"), blank=True, editable=False)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="ostiary_one_erasure_at_a_time",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="ostiary_erasure_due",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class ErasureStep(models.Model):
    """A step that is done: written in the transaction of what it did."""

    id = models.BigAutoField(primary_key=True)
    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=200)
    done_at = models.DateTimeField(default=timezone.now)
    erased: Any = models.JSONField(default=dict)
    """How many rows of what: nothing personal."""

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["erasure", "name"], name="ostiary_erasure_step_once")
        ]

    def __str__(self) -> str:
        return self.name


class ReceiptKey(models.Model):
    """The public half of a key that signed receipts: they are verified by it for ever, also when
    the ring it came from is long gone."""

    kid = models.CharField(primary_key=True, max_length=64)
    x = models.CharField(max_length=64)
    """The public key, as ``x`` of its JWK (RFC 8037 §2)."""
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.kid
