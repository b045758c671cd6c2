"""What regions ask of each other. Whoever can't prove to be one is told nothing but that."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from . import answering, configured, keys, link, tokens
from .configured import Region

log = logging.getLogger(__name__)

View = Callable[[HttpRequest], HttpResponse]


def _for_regions(view: View) -> View:
    """There is nothing here where the site has no regions."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if configured.own() is None:
            return _error("not_found", 404)
        return view(request)

    return guarded


@require_safe
@_for_regions
def jwks(request: HttpRequest) -> HttpResponse:
    """The keys by which this region proves that it is it, as a JWK Set (RFC 7517 §5)."""
    return JsonResponse(keys.ours(), content_type="application/jwk-set+json")


@csrf_exempt
@never_cache
@require_POST
@_for_regions
def erasures(request: HttpRequest) -> HttpResponse:
    """Erase somebody whom another region names, or say how far that is."""
    body = request.read(tokens.MAX_LENGTH + 1)
    if len(body) > tokens.MAX_LENGTH:
        return _error("request_too_large", 413)
    try:
        region, claims = _proved(body.decode("ascii", "replace"))
    except tokens.Refused as problem:
        log.warning("A request that says it is from a region is refused: %s", problem)
        return _error("invalid_token", 401)
    except link.LinkError as problem:
        log.warning("The keys of a region that asks can't be had: %s", problem)
        return _error("temporarily_unavailable", 503)
    try:
        wanted = answering.parse(claims)
    except answering.MalformedError:
        return _error("invalid_request", 400)
    said = answering.answer(region, wanted)
    here = configured.every()[configured.here()]
    token = tokens.make(
        tokens.ANSWER,
        {**said, "request": claims["jti"]},
        issuer=here,
        audience=region,
        now=timezone.now().timestamp(),
    )
    status = 200 if said["state"] == "done" else 202
    return HttpResponse(token, content_type="application/jwt", status=status)


def _proved(token: str) -> tuple[Region, dict[str, object]]:
    """Which region says what. Raises ``Refused`` and ``LinkError``."""
    region = configured.other(tokens.issuer_of(token))
    here = configured.own()
    if region is None or here is None:
        raise tokens.Refused("There is no such region.")
    known = keys.of(region, tokens.kid_of(token))
    claims = tokens.read(
        tokens.REQUEST, token, known, issuer=region, audience=here, now=timezone.now().timestamp()
    )
    ends = claims["exp"] + tokens.SKEW_SECONDS
    if not answering.first_use(region, claims["jti"], ends):
        raise tokens.Refused("It was used before.")
    return region, claims


def _error(error: str, status: int) -> HttpResponse:
    return JsonResponse({"error": error}, status=status)
