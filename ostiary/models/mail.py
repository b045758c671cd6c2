"""What became of mail that was sent to people, as mail providers report it."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..ids import uuid7


class SentMail(models.Model):
    """An email that a provider took, to a person's address.

    ``provider_id`` is the provider's name for it, by which reports come; ``key`` is that of the
    message in the outbox; ``digest`` is the keyed hash of the address.
    """

    class Report(models.TextChoices):
        """What became of it. The later of these counts, in whichever order they come."""

        NONE = "", _("nothing yet")
        FAILED = "failed", _("not sent by the provider")
        DELIVERED = "delivered", _("delivered")
        BOUNCED = "bounced", _("bounced")
        COMPLAINED = "complained", _("reported as spam")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user")
    )
    provider_id = models.CharField(_("provider’s ID"), max_length=200, db_index=True)
    key = models.CharField(_("idempotency key"), max_length=200)
    digest = models.CharField(max_length=64, editable=False)
    report = models.CharField(
        _("report"), max_length=10, choices=Report.choices, default=Report.NONE, blank=True
    )
    sent_at = models.DateTimeField(_("sent"), default=timezone.now, db_index=True)
    reported_at = models.DateTimeField(_("reported"), null=True, blank=True)

    class Meta:
        verbose_name = _("sent email")
        verbose_name_plural = _("sent emails")
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.id)


class MailMark(models.Model):
    """That a person's address gets no mail, or that they don't want it.

    ``digest`` is the keyed hash of the address it is about: another address has no mark. Reports
    about what was sent until ``cleared_at`` count no more.
    """

    class State(models.TextChoices):
        """What was reported last."""

        NONE = "", _("none")
        BOUNCED = "bounced", _("bounced")
        COMPLAINED = "complained", _("reported as spam")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="+",
        verbose_name=_("user"),
    )
    digest = models.CharField(max_length=64, db_index=True, editable=False)
    state = models.CharField(
        _("reason"), max_length=10, choices=State.choices, default=State.NONE, blank=True
    )
    marked_at = models.DateTimeField(_("suppressed"), default=timezone.now)
    cleared_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")

    def __str__(self) -> str:
        return str(self.user_id)
