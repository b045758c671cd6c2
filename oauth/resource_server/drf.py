"""Authentication and permissions for Django REST framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from .access_token import AccessToken
from .errors import AccessRefused, NoToken
from .server import ResourceServer, resource_server

if TYPE_CHECKING:  # the framework's views import what its settings name, such as this module
    from rest_framework.views import APIView


class Refused(APIException):
    """An ``AccessRefused`` as the framework answers it."""

    def __init__(self, refused: AccessRefused, server: ResourceServer, request: Request) -> None:
        super().__init__(refused.description, refused.error)
        self.status_code = refused.status
        self.auth_header = server.challenge(refused, request._request)
        _tell(request, server, refused)


class AccessTokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer`` or ``DPoP`` with an access token of the issuer.

    ``request.auth`` is the ``AccessToken``; ``request.user`` what ``USER`` makes of it, or else the
    token itself.
    """

    server: ResourceServer | None = None
    """The API; that of the settings where ``None``."""

    @classmethod
    def of(cls, server: ResourceServer) -> type[AccessTokenAuthentication]:
        """The same for another API than that of the settings."""
        return type(cls.__name__, (cls,), {"server": server})

    def authenticate(self, request: Request) -> tuple[Any, AccessToken] | None:
        """The caller and the token; ``None`` if no token is shown. Raises ``Refused``."""
        api = self.server or resource_server()
        try:
            token = api.authenticate(request._request)
            user = api.user(token)
        except NoToken:
            return None
        except AccessRefused as refused:
            raise Refused(refused, api, request) from None
        _tell(request, api)
        return user or token, token

    def authenticate_header(self, request: Request) -> str:
        """The challenge for a request without a token (RFC 6750 §3: no error code)."""
        return (self.server or resource_server()).challenge(NoToken(), request._request)


class _TokenPermission(BasePermission):
    """Asks something of the token. It raises, and so goes into no ``|``: the answer has to say what
    is missing."""

    scopes: Sequence[str] = ()
    acr: Sequence[str] = ()
    max_age: int | None = None

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether it does. Raises ``NotAuthenticated`` or ``Refused`` where it does not."""
        if not isinstance(request.auth, AccessToken):
            raise NotAuthenticated
        by = request.successful_authenticator
        api = getattr(by, "server", None) or resource_server()
        try:
            api.check(request.auth, scopes=self.scopes, acr=self.acr, max_age=self.max_age)
        except AccessRefused as refused:
            raise Refused(refused, api, request) from None
        return True


class HasScopes(_TokenPermission):
    """Any good token will do; ``HasScopes.of("read", "write")`` wants it to have these scopes."""

    @classmethod
    def of(cls, *scopes: str) -> type[HasScopes]:
        """A permission that wants all of ``scopes``."""
        return type("HasScopes", (cls,), {"scopes": scopes})


class RequiresStepUp(_TokenPermission):
    """``RequiresStepUp.of(acr=["urn:ostiary:aal2"], max_age=300)`` wants the person to have
    authenticated so, and then (RFC 9470)."""

    @classmethod
    def of(cls, *, acr: Sequence[str] = (), max_age: int | None = None) -> type[RequiresStepUp]:
        """A permission that wants one of the ``acr`` values, and at most ``max_age`` seconds.

        Raises ``TypeError`` for a string where a list belongs.
        """
        if isinstance(acr, str):
            raise TypeError("acr is a list of strings")
        return type("RequiresStepUp", (cls,), {"acr": acr, "max_age": max_age})


def _tell(request: Request, server: ResourceServer, refused: AccessRefused | None = None) -> None:
    """Put headers on the answer: the framework's exceptions carry only their own two."""
    view = (request.parser_context or {}).get("view")
    if view is not None:
        view.headers.update(server.headers(refused))
