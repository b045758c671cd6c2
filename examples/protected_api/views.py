"""What the API does."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .permissions import HasScope


class Hello(APIView):
    """Greets whoever holds an access token with the scope ``api:read``."""

    permission_classes = [HasScope]
    required_scope = "api:read"

    def get(self, request: Request) -> Response:
        """Say whom the token is about, who holds it, and for what."""
        return Response(
            {
                "message": "Hello from the protected API.",
                "sub": request.auth["sub"],
                "client_id": request.auth["client_id"],
                "scope": request.auth["scope"],
            }
        )
