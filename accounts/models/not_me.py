"""Links by which people say that something was not them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ostiary.ids import uuid7


class NotMeLink(models.Model):
    """A link by which a person says of a message about their account that it was not them.

    ``notice`` is the kind of that message. It works once.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    notice = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("“This wasn’t me” link")
        verbose_name_plural = _("“This wasn’t me” links")

    def __str__(self) -> str:
        return str(self.pk)
