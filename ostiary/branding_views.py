"""The stylesheet of an accent, and the site's logo: both at addresses that change with them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from . import accent as accents
from . import branding

FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def accent(request: HttpRequest, colour: str) -> HttpResponse:
    """Custom properties in the shades of ``colour``, six digits. Asks the database nothing."""
    found = accents.parse(colour)
    if found is None:
        raise Http404
    is_current = request.GET.get("v") == accents.digest(found)
    return HttpResponse(
        accents.stylesheet(found),
        headers={
            "Content-Type": "text/css; charset=utf-8",
            "Cache-Control": FOR_EVER if is_current else "public, max-age=300",
        },
    )


@require_safe
def logo(request: HttpRequest, digest: str) -> HttpResponse:
    """The picture. Mail programs in a browser show it too, from where they are."""
    found = branding.current().logos.get(digest)
    if found is None:
        raise Http404
    return HttpResponse(
        found.data,
        headers={
            "Content-Type": found.content_type,
            "Cache-Control": FOR_EVER,
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )
