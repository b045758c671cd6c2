"""The operator's view of applications, grants and keys. No secret, code or token is ever shown,
but for a client's new secret, once.

The toolkit's own admin registers most of these models with the classes named in
``OAUTH2_PROVIDER``; the rest are registered in their modules.
"""

from .apis import ApiAdmin
from .client_sessions import ClientSessionAdmin
from .clients import ClientAdmin
from .erasure_notices import ErasureNoticeAdmin
from .exchange_rules import ExchangeRuleAdmin
from .grants import (
    AccessTokenAdmin,
    ConsentAdmin,
    DeviceGrantAdmin,
    GrantAdmin,
    IDTokenAdmin,
    RefreshTokenAdmin,
)
from .initial_access_tokens import InitialAccessTokenAdmin
from .signing_keys import SigningKeyAdmin
from .trust_rules import TrustRuleAdmin

__all__ = [
    "AccessTokenAdmin",
    "ApiAdmin",
    "ClientAdmin",
    "ClientSessionAdmin",
    "ConsentAdmin",
    "DeviceGrantAdmin",
    "ErasureNoticeAdmin",
    "ExchangeRuleAdmin",
    "GrantAdmin",
    "IDTokenAdmin",
    "InitialAccessTokenAdmin",
    "RefreshTokenAdmin",
    "SigningKeyAdmin",
    "TrustRuleAdmin",
]
