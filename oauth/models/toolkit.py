"""The toolkit's remaining models, swapped so that keys and table names are ours from the start.

No row is written for a JWT access token or an ID token: these tables are filled only by features
that ask for a row.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractAccessToken, AbstractDeviceGrant, AbstractIDToken

from ostiary.ids import uuid7

from .client import Client
from .grant import Grant


class AccessToken(AbstractAccessToken):  # type: ignore[misc]  # the toolkit is untyped
    """An opaque access token: its hash, and what it stands for.

    ``claims`` are those of the JWT that it is in place of (RFC 9068 §2.2).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token = None
    token_checksum = models.CharField(max_length=64, unique=True, editable=False)
    grant = models.ForeignKey(
        Grant, on_delete=models.CASCADE, null=True, blank=True, related_name="access_tokens"
    )
    claims = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")
        indexes = [models.Index(fields=["expires"], name="ostiary_access_token_expires")]

    def __str__(self) -> str:
        return str(self.id)


class IDToken(AbstractIDToken):  # type: ignore[misc]  # the toolkit is untyped
    """An ID token that is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        verbose_name = _("ID token")
        verbose_name_plural = _("ID tokens")


class DeviceGrant(AbstractDeviceGrant):  # type: ignore[misc]  # the toolkit is untyped
    """A device authorization (RFC 8628) in progress. Both codes are kept hashed.

    Once a person allows it, ``grant`` is what they gave; a poll that redeems it sets the grant's
    ``redeemed_at``.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    device_code = None
    user_code = None
    client_id = None
    application = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="device_grants")
    device_code_hash = models.CharField(max_length=64, unique=True, editable=False)
    user_code_hash = models.CharField(max_length=64, unique=True, editable=False)
    resource = models.JSONField(default=list)
    # Shown to the person who decides, since the code may have been sent by someone else.
    ip_address = models.GenericIPAddressField(_("requested from"), null=True, blank=True)
    last_polled_at = models.DateTimeField(null=True, blank=True)
    last_checked = None
    grant = models.OneToOneField(
        Grant, on_delete=models.CASCADE, related_name="device_grant", null=True, blank=True
    )

    class Meta:
        verbose_name = _("device authorization")
        verbose_name_plural = _("device authorizations")
        indexes = [models.Index(fields=["expires"], name="ostiary_device_grant_expires")]

    def __str__(self) -> str:
        return str(self.id)
