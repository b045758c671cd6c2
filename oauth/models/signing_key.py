"""The keys with which tokens are signed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ostiary.encryption import EncryptedBinaryField
from ostiary.ids import uuid7


class SigningKey(models.Model):
    """A key pair for one algorithm; the private part is encrypted by the key ring.

    *next*: published, not signing yet. *active*: signs. *retired*: published until the last token
    it signed has expired (SECURITY B12). The row of a withdrawn key is deleted.
    """

    class State(models.TextChoices):
        """Where the key is in its life."""

        NEXT = "next", _("Next")
        ACTIVE = "active", _("Active")
        RETIRED = "retired", _("Retired")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kid = models.CharField(_("key ID"), max_length=64, unique=True, editable=False)
    alg = models.CharField(_("algorithm"), max_length=8, editable=False)
    public_jwk = models.JSONField(_("public key"), editable=False)
    private_key = EncryptedBinaryField(editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.NEXT)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    activated_at = models.DateTimeField(_("signing since"), null=True, blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")
        ordering = ["alg", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["alg"], condition=Q(state="active"), name="ostiary_one_active_key"
            ),
            models.UniqueConstraint(
                fields=["alg"], condition=Q(state="next"), name="ostiary_one_next_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alg} {self.kid}"
