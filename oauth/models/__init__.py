"""State of the authorization server. Six of these are django-oauth-toolkit's models, swapped."""

from .api import Api
from .client import Client
from .client_origin import ClientOrigin
from .client_session import ClientSession
from .consent import Consent
from .erasure_notice import ErasureNotice
from .exchange_rule import ExchangeRule
from .grant import Grant, RefreshToken
from .initial_access_token import InitialAccessToken
from .pairwise_salt import PairwiseSalt
from .pushed_request import PushedRequest
from .signing_key import SigningKey
from .token_status import StatusList, TokenStatus
from .toolkit import AccessToken, DeviceGrant, IDToken
from .trust_rule import TrustRule
from .used_identifier import UsedIdentifier

__all__ = [
    "AccessToken",
    "Api",
    "Client",
    "ClientOrigin",
    "ClientSession",
    "Consent",
    "DeviceGrant",
    "ErasureNotice",
    "ExchangeRule",
    "Grant",
    "IDToken",
    "InitialAccessToken",
    "PairwiseSalt",
    "PushedRequest",
    "RefreshToken",
    "SigningKey",
    "StatusList",
    "TokenStatus",
    "TrustRule",
    "UsedIdentifier",
]
