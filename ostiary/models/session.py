"""The register of signed-in sessions."""

from collections.abc import Sequence

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..ids import uuid7


class Session(models.Model):
    """One signed-in session of one person; its id is the OIDC ``sid``.

    The Django session holds the data; this row says that the session is real, whose it is, and
    whether it has ended. ``session_key`` is the key in the session engine, by which it is deleted
    there; ``ended_at`` alone is what decides.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="ostiary_sessions",
        verbose_name=_("user"),
    )
    session_key = models.CharField(max_length=128, editable=False)
    amr = models.JSONField(_("authentication methods"), default=list)
    ip_address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    user_agent = models.CharField(_("browser"), max_length=400, blank=True)
    remembered = models.BooleanField(_("stays signed in"), default=False)
    created_at = models.DateTimeField(_("signed in"))
    authenticated_at = models.DateTimeField(_("last authentication"))
    last_seen_at = models.DateTimeField(_("last seen"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(_("end reason"), max_length=40, blank=True)

    frames: Sequence[str] = ()
    """Of one that this very object has ended: what the receivers of ``session_ended`` returned."""

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["user"],
                condition=models.Q(ended_at__isnull=True),
                name="ostiary_session_live_of",
            ),
            models.Index(fields=["ended_at"], name="ostiary_session_ended"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Visit(models.Model):
    """A visitor's session in which somebody's sign-in waits for a step (see ``visits``)."""

    session_key = models.CharField(primary_key=True, max_length=128, editable=False)
    subject = models.CharField(max_length=64, db_index=True, editable=False)
    began_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.subject
