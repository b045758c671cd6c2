"""What a token allows (RFC 6749 §3.3)."""

from __future__ import annotations

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from .authentication import BearerError


class HasScope(BasePermission):
    """The token has to carry the view's ``required_scope``."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether it does. Raises ``BearerError`` where it does not."""
        if request.auth is None:
            raise NotAuthenticated
        needed: str = view.required_scope  # type: ignore[attr-defined]  # ours name it
        if needed not in request.auth.get("scope", "").split():
            raise BearerError(
                403, "insufficient_scope", "The access token lacks a scope.", scope=needed
            )
        return True
