"""The documents that tell clients what is here: discovery and keys."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from .. import discovery, keys
from ..cors import open_to_all_origins

MAX_AGE = 300
"""Seconds for which clients may keep a document: as long as a removed key may still be trusted."""


def _document(request: HttpRequest, body: dict[str, Any], content_type: str) -> HttpResponse:
    encoded = json.dumps(body, separators=(",", ":")).encode()
    etag = f'"{hashlib.sha256(encoded).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": f"public, max-age={MAX_AGE}"}
    response = HttpResponse(encoded, content_type=content_type, headers=headers)
    return get_conditional_response(request, etag=etag, response=response) or response


@open_to_all_origins
@require_safe
def openid_configuration(request: HttpRequest) -> HttpResponse:
    """OpenID Provider metadata."""
    return _document(request, discovery.openid_configuration(), "application/json")


@open_to_all_origins
@require_safe
def authorization_server_metadata(request: HttpRequest) -> HttpResponse:
    """Authorization server metadata (RFC 8414)."""
    return _document(request, discovery.authorization_server_metadata(), "application/json")


@open_to_all_origins
@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """The public signing keys (RFC 7517)."""
    return _document(request, keys.keyset().jwks(), "application/jwk-set+json")
