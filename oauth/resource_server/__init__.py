"""The resource kit: what an API needs to take access tokens.

It needs neither a database nor the authorization server, only Django and PyJWT. ``drf`` is for
Django REST framework, ``middleware`` and ``metadata`` for the settings and URLs of a project.
"""

from .access_token import AccessToken
from .conf import ResourceServerSettings
from .decorators import protected
from .errors import AccessRefused
from .server import ResourceServer

__all__ = [
    "AccessRefused",
    "AccessToken",
    "ResourceServer",
    "ResourceServerSettings",
    "protected",
]
