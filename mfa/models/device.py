"""What all our second factors have in common: they are devices of django-otp."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device

from ostiary.ids import random_bigint
from ostiary.throttling import Throttled

from ..guessing import guess


class FactorDevice(Device):  # type: ignore[misc]  # django-otp is untyped
    """A second factor of a person.

    Its key is known before it is saved, because encrypted fields are bound to it; and it has no
    accessor on the user, so that it doesn't clash with devices of others of the same name.
    """

    id = models.BigIntegerField(primary_key=True, default=random_bigint, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user")
    )
    name = models.CharField(_("name"), max_length=64, blank=True)
    confirmed = models.BooleanField(_("confirmed"), default=False)
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    amr: str
    """The RFC 8176 value that it proves."""

    class Meta:
        abstract = True

    def accepts(self, code: str) -> bool:
        """Whether this is its code now, which it is used up by: one atomic statement.

        It counts no tries: callers do, by ``guessing.guess``.
        """
        raise NotImplementedError

    def verify_token(self, token: Any) -> bool:
        """The same for django-otp, with tries counted. ``token`` may be text or a number."""
        try:
            return guess(self.user, lambda: self.accepts(str(token)))
        except Throttled:
            return False
