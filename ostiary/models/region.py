"""What regions of one site ask of each other: the erasure of a person who may be in several."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..ids import uuid7
from .erasure import Erasure


class RegionalReceipt(models.Model):
    """What another region has to say before one of our erasures is complete: its receipt, which is
    empty until it came."""

    id = models.BigAutoField(primary_key=True)
    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="regions")
    region = models.CharField(_("region"), max_length=32)
    asked_at = models.DateTimeField(_("requested"), default=timezone.now)
    answered_at = models.DateTimeField(_("answered"), null=True)
    alarmed_at = models.DateTimeField(null=True)
    """When it was told that this region is missing."""
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    receipt = models.TextField(_("receipt"), blank=True, editable=False)

    class Meta:
        verbose_name = _("receipt from a region")
        verbose_name_plural = _("receipts from regions")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["erasure", "region"], name="ostiary_region_asked_once"),
            models.CheckConstraint(
                condition=models.Q(receipt="", answered_at=None)
                | (~models.Q(receipt="") & models.Q(answered_at__isnull=False)),
                name="ostiary_region_answer_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=models.Q(answered_at=None),
                name="ostiary_region_missing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.erasure_id}"


class RegionalRequest(models.Model):
    """What another region asked of us: an erasure of its own, named by its id there.

    ``erasures`` are the ids of ours by which it is done; ``receipt`` is what we answer once they
    are.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    region = models.CharField(_("region"), max_length=32)
    erasure = models.UUIDField(_("erasure there"))
    erasures: Any = models.JSONField(default=list)
    accounts = models.PositiveIntegerField(_("accounts found"), default=0)
    """How many people here it was about: none, or one; more where an address is another's."""
    asked_at = models.DateTimeField(_("requested"), default=timezone.now)
    answered_at = models.DateTimeField(_("answered"), null=True)
    receipt = models.TextField(_("receipt"), blank=True, editable=False)

    class Meta:
        verbose_name = _("request from a region")
        verbose_name_plural = _("requests from regions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "erasure"], name="ostiary_region_request_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.erasure}"


class RegionKey(models.Model):
    """The public key by which another region signed a receipt that we took: such receipts are
    verified by it for ever, also when that region has long had another."""

    id = models.BigAutoField(primary_key=True)
    region = models.CharField(max_length=32)
    x = models.CharField(max_length=64)
    """As in its JWK (RFC 8037 §2)."""
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region", "x"], name="ostiary_region_key_once")
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.x}"


class RegionToken(models.Model):
    """A token by which another region asked us something: it is good once."""

    key = models.CharField(primary_key=True, max_length=64)
    """A hash of the region's name and the token's ``jti``."""
    expires_at = models.DateTimeField(db_index=True)
    """From when on it would be refused anyway."""

    def __str__(self) -> str:
        return self.key
