"""Who has to have a second factor, as operators decide it for groups of people."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class GroupPolicy(models.Model):
    """What is asked of the members of a group, beside what is asked of everybody."""

    class Requirement(models.TextChoices):
        """From the least to the most."""

        OFF = "off", _("off: users can’t set it up")
        OPTIONAL = "optional", _("optional: users may set it up")
        REQUIRED = "required", _("required for everyone")

    group = models.OneToOneField(
        Group, models.CASCADE, related_name="+", verbose_name=_("group"), primary_key=True
    )
    requirement = models.CharField(
        _("two-step verification"),
        max_length=8,
        choices=Requirement.choices,
        default=Requirement.REQUIRED,
    )
    grace_days = models.PositiveSmallIntegerField(
        _("days to set it up"),
        default=14,
        help_text=_("Counted from the first sign-in at which a member is asked. 0: at once."),
    )

    class Meta:
        verbose_name = _("group policy")
        verbose_name_plural = _("group policies")
        permissions = [("reset_factors", _("Can remove a user’s second factors"))]

    def __str__(self) -> str:
        return f"{self.group}: {self.requirement}"


class EnrolmentGrace(models.Model):
    """Until when a person may still sign in without the second factor that they have to set up."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="+",
        verbose_name=_("user"),
        primary_key=True,
    )
    ends_at = models.DateTimeField(_("ends"))

    class Meta:
        verbose_name = _("grace period for two-step verification")
        verbose_name_plural = _("grace periods for two-step verification")

    def __str__(self) -> str:
        return f"{self.user}: {self.ends_at}"
