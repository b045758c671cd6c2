"""Which clients a session has signed its person in to."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ostiary.ids import uuid7
from ostiary.models import OutboxMessage

from .client import Client


class ClientSession(models.Model):
    """A session (``sid``) at one client, kept for those that want to hear of its end.

    ``subject`` is the ``sub`` that the client was told, so that it hears the same name in the end.
    The row outlives the session, and the person: ``message`` is the back-channel logout that was
    caused by the end, and the last fields say what became of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sid = models.UUIDField(_("session"), editable=False)
    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, related_name="sessions", verbose_name=_("application")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        verbose_name=_("user"),
    )
    subject = models.CharField(_("subject"), max_length=255)
    created_at = models.DateTimeField(_("signed in"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    message = models.ForeignKey(
        OutboxMessage,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        verbose_name=_("message"),
    )
    told_at = models.DateTimeField(_("notified"), null=True)
    failing_since = models.DateTimeField(_("failing since"), null=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("application session")
        verbose_name_plural = _("application sessions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sid", "client"],
                condition=models.Q(ended_at__isnull=True),
                name="ostiary_oauth_one_live_session",
            )
        ]
        indexes = [models.Index(fields=["ended_at"], name="ostiary_client_session_ended")]

    def __str__(self) -> str:
        return str(self.id)
