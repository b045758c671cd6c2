"""Protected resource metadata (RFC 9728): how a client that knows only the API finds its issuer."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from .. import jwk
from .server import ResourceServer, resource_server


def document(server: ResourceServer) -> dict[str, Any]:
    """The metadata (§2)."""
    settings = server.settings
    return {
        "resource": settings.AUDIENCE,
        "authorization_servers": [settings.ISSUER],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(jwk.spellings(settings.ALGORITHMS)),
        **({"scopes_supported": list(settings.SCOPES)} if settings.SCOPES else {}),
    }


def metadata_url(server: ResourceServer | None = None) -> URLPattern:
    """The URL pattern of the metadata, for the root ``urlpatterns``.

    Where it is there, every challenge names it (§5.1). ``server`` is the API of the settings where
    none is named. Raises ``ImproperlyConfigured`` where that has no well-known address.
    """
    published = server or resource_server()
    if not published.settings.AUDIENCE.startswith(("https://", "http://")):
        raise ImproperlyConfigured("An API publishes metadata if its AUDIENCE is an https URL.")

    @require_safe
    def protected_resource_metadata(request: HttpRequest) -> HttpResponse:
        return JsonResponse(
            document(published),
            headers={"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"},
        )

    return path(
        published.metadata_path.removeprefix("/"),
        protected_resource_metadata,
        name=published.metadata_name,
    )
