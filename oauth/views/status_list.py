"""The published lists of revoked tokens (draft-ietf-oauth-status-list §8, §9)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from .. import status_list

CACHED = {"Cache-Control": f"public, max-age={status_list.TTL}"}
NUMBER_MAX_DIGITS = 15


@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    """A Status List Token. Only the present one: lists of the past (``time``, §8.4) are not
    kept."""
    if "time" in request.GET:
        return HttpResponse(status=501)
    found = status_list.published(number) if len(str(number)) <= NUMBER_MAX_DIGITS else None
    if found is None:
        return HttpResponse(status=404)
    token, told = found
    etag = f'"{told}"'
    response = HttpResponse(
        token, content_type=status_list.MEDIA_TYPE, headers={"ETag": etag, **CACHED}
    )
    return get_conditional_response(request, etag=etag, response=response) or response


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    """The addresses of all lists in use (§9.3)."""
    return JsonResponse({"status_lists": status_list.current()}, headers=CACHED)
