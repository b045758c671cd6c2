"""People whom an operator helps back in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary.ids import uuid7

from ..addresses import MAX_LENGTH


class SupportCase(models.Model):
    """A person gets in neither by their mailbox nor by their second factor; an operator helps.

    At most one is open for each person. A mailed link finishes it, from ``ready_at`` until
    ``expires_at``: it sets a new password, gives them ``email`` as their address if there is one,
    and removes their second factors where ``resets_factors``. The reason, and what was checked, are
    in the security log, under the person's own key. ``told_at`` is when they were last told of it.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        FINISHED = "finished", _("finished")
        STOPPED = "stopped", _("stopped")
        EXPIRED = "expired", _("expired")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="+",
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    resets_factors = models.BooleanField(_("removes two-step verification"), default=False)
    email = models.EmailField(_("new email address"), max_length=MAX_LENGTH, blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("opened by"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("approved by"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    approved_at = models.DateTimeField(_("approved"), null=True)
    ready_at = models.DateTimeField(_("available from"))
    expires_at = models.DateTimeField(_("available until"), db_index=True)
    told_at = models.DateTimeField(_("user last notified"), default=timezone.now)
    link_sent_at = models.DateTimeField(_("link last sent"), null=True)

    class Meta:
        verbose_name = _("recovery by an operator")
        verbose_name_plural = _("recoveries by operators")
        permissions = [
            ("approve_supportcase", _("Can approve a recovery opened by another operator"))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(state="open"),
                name="ostiary_accounts_one_open_case",
            ),
            models.CheckConstraint(
                condition=~Q(opened_by=F("user")) & ~Q(approved_by=F("user")),
                name="ostiary_accounts_nobodys_own_case",
            ),
            models.CheckConstraint(
                condition=~Q(approved_by=F("opened_by")),
                name="ostiary_accounts_approved_by_another",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_ready(self) -> bool:
        """Whether the waiting time is over."""
        return timezone.now() >= self.ready_at

    @property
    def is_open(self) -> bool:
        """Whether it can still be approved or finished."""
        return self.state == self.State.OPEN and timezone.now() < self.expires_at
