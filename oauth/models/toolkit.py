"""The toolkit's remaining models, swapped so that keys and table names are ours from the start.

No row is written for a JWT access token or an ID token: these tables are filled only by features
that ask for a row.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractAccessToken, AbstractDeviceGrant, AbstractIDToken

from ostiary.ids import uuid7


class AccessToken(AbstractAccessToken):  # type: ignore[misc]  # the toolkit is untyped
    """An access token that is kept, by its hash only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token = None

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")


class IDToken(AbstractIDToken):  # type: ignore[misc]  # the toolkit is untyped
    """An ID token that is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        verbose_name = _("ID token")
        verbose_name_plural = _("ID tokens")


class DeviceGrant(AbstractDeviceGrant):  # type: ignore[misc]  # the toolkit is untyped
    """A device authorization (RFC 8628) in progress."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta(AbstractDeviceGrant.Meta):  # type: ignore[misc]
        verbose_name = _("device authorization")
        verbose_name_plural = _("device authorizations")
