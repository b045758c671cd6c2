"""Accounts that are asked for, and who may ask."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary.email_addresses import AsciiLower
from ostiary.ids import uuid7

from ..addresses import MAX_LENGTH, only_ascii
from .terms import VERSION_MAX_LENGTH


class PendingRegistration(models.Model):
    """Someone asked for an account and has not yet shown that the address is theirs.

    No account exists before that, so whoever signs up with another person's address has made
    nothing that its owner could later walk into (SECURITY H11). Several may wait for one address:
    a stranger's does not get into the way of the owner's. ``token_hash`` is what the mailed link's
    token hashes to, ``code_hash`` what the code of the same mail does, of which ``code_tries`` have
    been tried; ``password`` is a password hash, of which a person whose link opens in another
    browser must show the password. ``sent_at`` is when the newest mail was written,
    ``terms_version`` the terms that were accepted when it was asked for.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    code_hash = models.CharField(max_length=64, default="", db_default="", editable=False)
    code_tries = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    email = models.EmailField(max_length=MAX_LENGTH)
    name = models.CharField(max_length=200, blank=True)
    password = models.CharField(max_length=128)
    next_url = models.TextField(blank=True)
    terms_version = models.CharField(
        max_length=VERSION_MAX_LENGTH, blank=True, default="", db_default=""
    )
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("pending registration")
        verbose_name_plural = _("pending registrations")

    def __str__(self) -> str:
        return str(self.id)


class SignUpPolicy(models.Model):
    """Who may sign up, where an operator has decided it in the admin: one row, or none.

    ``domains`` are one a line. With no row the settings hold.
    """

    class Mode(models.TextChoices):
        """Who may make an account without being invited."""

        OPEN = "open", _("Anyone")
        DOMAINS = "domains", _("Anyone with an email address at one of the domains below")
        INVITED = "invited", _("By invitation only")
        CLOSED = "closed", _("Nobody")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    mode = models.CharField(_("who can sign up"), max_length=10, choices=Mode)
    domains = models.TextField(
        _("domains"), blank=True, help_text=_("One per line, such as example.com.")
    )
    contact = models.CharField(
        _("contact"),
        max_length=200,
        blank=True,
        help_text=_(
            "Shown to people who can’t sign up, such as “the service desk, help@example.com”."
        ),
    )

    class Meta:
        verbose_name = _("sign-up policy")
        verbose_name_plural = _("sign-up policy")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="ostiary_accounts_one_policy")
        ]

    def __str__(self) -> str:
        return self.get_mode_display()


class Invitation(models.Model):
    """An operator has asked someone to make an account; it works once, whatever the policy says.

    ``token_hash`` is what the newest mailed link's token hashes to.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    email = models.EmailField(_("email address"), max_length=MAX_LENGTH, validators=[only_ascii])
    name = models.CharField(_("name"), max_length=200, blank=True)
    message = models.TextField(
        _("message"),
        max_length=1000,
        blank=True,
        help_text=_("Shown in the email, above the link."),
    )
    group = models.ForeignKey(
        Group,
        verbose_name=_("group"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The user becomes a member of this group."),
    )
    language = models.CharField(_("language"), max_length=20, blank=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("invited by"),
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    created_at = models.DateTimeField(_("first sent"), default=timezone.now, editable=False)
    sent_at = models.DateTimeField(_("last sent"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("valid until"), db_index=True, editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("accepted by"),
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    revoked_at = models.DateTimeField(_("withdrawn"), null=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                AsciiLower("email"),
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="ostiary_accounts_one_invitation_of_address",
            )
        ]

    def __str__(self) -> str:
        return self.email
