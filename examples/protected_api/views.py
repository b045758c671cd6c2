"""What the API does."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from oauth.resource_server.drf import HasScopes, RequiresStepUp

STRONG = ["urn:ostiary:aal2", "urn:ostiary:aal2:phr"]
"""Two factors, or one that can't be phished."""


class Hello(APIView):
    """Greets whoever holds an access token with the scope ``api:read``."""

    permission_classes = [HasScopes.of("api:read")]

    def get(self, request: Request) -> Response:
        """Say whom the token is about, who holds it, and for what."""
        return Response(
            {
                "message": "Hello from the protected API.",
                "sub": request.auth.subject,
                "client_id": request.auth.client_id,
                "scope": request.auth.claims["scope"],
            }
        )


class Vault(APIView):
    """Opens for a person who has just proved who they are, with two factors (RFC 9470)."""

    permission_classes = [HasScopes.of("api:read"), RequiresStepUp.of(acr=STRONG, max_age=300)]

    def get(self, request: Request) -> Response:
        """Say how the person was authenticated."""
        return Response({"message": "The vault is open.", "acr": request.auth.acr})
