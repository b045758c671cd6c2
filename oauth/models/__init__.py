"""State of the authorization server. Six of these are django-oauth-toolkit's models, swapped."""

from .client import Client
from .consent import Consent
from .grant import Grant, RefreshToken
from .signing_key import SigningKey
from .toolkit import AccessToken, DeviceGrant, IDToken

__all__ = [
    "AccessToken",
    "Client",
    "Consent",
    "DeviceGrant",
    "Grant",
    "IDToken",
    "RefreshToken",
    "SigningKey",
]
