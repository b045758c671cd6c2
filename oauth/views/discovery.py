"""The documents that tell clients what is here: discovery and keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from .. import apis, discovery, keys
from ..webfinger import CONTENT_TYPE, descriptor

MAX_AGE = 300
"""Seconds for which clients may keep a document: as long as a removed key may still be trusted."""


JSON = "application/json"
CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE")


@dataclass(frozen=True)
class _Document:
    """A document as it is sent, and what it was made from."""

    made_from: tuple[object, ...]
    body: bytes
    etag: str


_kept: dict[str, _Document] = {}


def _current(name: str, make: Callable[[], dict[str, Any]]) -> _Document:
    """The document ``name``, made anew only once the keys or the registered APIs are others: both
    are looked up again every few seconds, and are the same objects until then."""
    made_from = (keys.keyset(), apis.registered())
    kept = _kept.get(name)
    if kept is None or any(a is not b for a, b in zip(kept.made_from, made_from, strict=True)):
        body = json.dumps(make(), separators=(",", ":")).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        kept = _kept[name] = _Document(made_from, body, etag)
    return kept


def _is_current(made_from: tuple[object, ...]) -> bool:
    """Whether the next document would be made from the same. Asks nobody: once it is time to ask
    whether the keys or the APIs are others, the answer is no."""
    return made_from[0] is keys.known() and made_from[1] is apis.known()


def _forget(**_: Any) -> None:
    _kept.clear()


setting_changed.connect(_forget)


def _document(
    request: HttpRequest, name: str, make: Callable[[], dict[str, Any]], content_type: str
) -> HttpResponse:
    document = _current(name, make)
    headers = {
        "Content-Type": content_type,
        "ETag": document.etag,
        "Cache-Control": f"public, max-age={MAX_AGE}",
    }
    response: HttpResponse = HttpResponse(document.body, headers=headers)
    if any(condition in request.META for condition in CONDITIONS):
        conditional = get_conditional_response(request, etag=document.etag, response=response)
        response = conditional or response
    # A server may send the same again without asking us (``idp_site.kept_answers``).
    response.kept_while = partial(_is_current, document.made_from)  # type: ignore[attr-defined]
    return response


@require_safe
def openid_configuration(request: HttpRequest) -> HttpResponse:
    """OpenID Provider metadata."""
    return _document(request, "op", discovery.openid_configuration, JSON)


@require_safe
def authorization_server_metadata(request: HttpRequest) -> HttpResponse:
    """Authorization server metadata (RFC 8414)."""
    return _document(request, "as", discovery.authorization_server_metadata, JSON)


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """The public signing keys (RFC 7517)."""
    return _document(request, "jwks", lambda: keys.keyset().jwks(), "application/jwk-set+json")


@require_safe
def webfinger(request: HttpRequest) -> HttpResponse:
    """Tell whose accounts these are (RFC 7033 §4)."""
    found = descriptor(request.GET.get("resource", ""), request.GET.getlist("rel"))
    if found is None:
        body = json.dumps({"error": "invalid_request", "error_description": "resource: no URI."})
        return HttpResponse(body, status=400, content_type=JSON)
    response = HttpResponse(json.dumps(found), content_type=CONTENT_TYPE)
    response["Cache-Control"] = f"public, max-age={MAX_AGE}"
    return response
