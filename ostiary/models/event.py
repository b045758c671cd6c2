"""The security log."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..encryption import EncryptedBinaryField
from ..ids import uuid7


class AppendOnly(Exception):
    """The security log is written once and never changed."""


class EventQuerySet(models.QuerySet["Event"]):
    """Reads, but neither changes nor removes."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refused."""
        raise AppendOnly("Events are never changed.")

    def delete(self) -> NoReturn:
        """Refused: the retention command removes what is old (``event_chain.prune``)."""
        raise AppendOnly("Events are removed by prune_events only.")


class Event(models.Model):
    """Something that happened, in the transaction in which it did.

    ``subject`` is the person's pseudonym (``PersonKey``); there is no foreign key, because the log
    outlives the row. ``personal`` holds address, browser and the like, encrypted under the person's
    own key, so that destroying the key shreds it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("time"))
    kind = models.CharField(_("kind"), max_length=64)
    outcome = models.CharField(_("outcome"), max_length=16, default="success")
    subject = models.CharField(_("user"), max_length=64, blank=True)
    client_id = models.CharField(_("application"), max_length=255, blank=True)
    details = models.JSONField(_("details"), default=dict)
    personal = models.BinaryField(null=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("security event")
        verbose_name_plural = _("security events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject", "-id"], name="ostiary_event_of_person"),
            models.Index(fields=["kind", "-id"], name="ostiary_event_of_kind"),
            models.Index(fields=["at"], name="ostiary_event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert. Raises ``AppendOnly`` for an event that is in the log already."""
        if not self._state.adding:
            raise AppendOnly("Events are never changed.")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: the retention command removes what is old."""
        raise AppendOnly("Events are removed by prune_events only.")


class EventKey(models.Model):
    """The key of what one event says of somebody whom the log didn't know, by the address that they
    typed (a keyed hash). Deleted when the person of that address is erased, or the event is."""

    event_id = models.UUIDField(primary_key=True, editable=False)
    address = models.CharField(max_length=64, db_index=True, editable=False)
    key = EncryptedBinaryField(editable=False)

    def __str__(self) -> str:
        return str(self.event_id)


class EventSeal(models.Model):
    """The signed head of the chain after one batch.

    It vouches for the links after ``start`` up to ``position``; what stood before was pruned.
    """

    position = models.BigIntegerField(primary_key=True)
    digest = models.CharField(max_length=64)
    start = models.BigIntegerField()
    start_digest = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"#{self.position}"


class SealedEvent(models.Model):
    """One link of the chain: the digest of an event and of the link before it."""

    position = models.BigIntegerField(primary_key=True)
    event_id = models.UUIDField(unique=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"#{self.position}"
