"""What browsers and password managers look up."""

from __future__ import annotations

from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from ostiary.conf import ostiary_settings

from .. import native_apps
from ..conf import origins, passkeys_settings

MAX_AGE = 3600
"""How long it may be kept, in seconds."""


@require_safe
@cache_control(public=True, max_age=MAX_AGE)
def related_origins(request: HttpRequest) -> JsonResponse:
    """The origins at which our passkeys may be used (WebAuthn Level 3 §5.11.1). Browsers look it up
    at the domain that the passkeys are of."""
    return JsonResponse({"origins": [each for each in origins() if each.startswith("http")]})


@require_safe
@cache_control(public=True, max_age=MAX_AGE)
def passkey_endpoints(request: HttpRequest) -> JsonResponse:
    """Where people make and look after passkeys (W3C, A Well-Known URL for Relying Party Passkey
    Endpoints)."""
    url = ostiary_settings.ISSUER_URL.rstrip("/") + reverse("ostiary_passkeys:passkeys")
    return JsonResponse({"enroll": url, "manage": url})


@require_safe
@cache_control(public=True, max_age=MAX_AGE)
def asset_links(request: HttpRequest) -> JsonResponse:
    """The Android applications that belong to the site (Digital Asset Links)."""
    if not passkeys_settings.ANDROID_APPS:
        raise Http404
    return JsonResponse(native_apps.asset_links(passkeys_settings.ANDROID_APPS), safe=False)


@require_safe
@cache_control(public=True, max_age=MAX_AGE)
def site_association(request: HttpRequest) -> JsonResponse:
    """The applications on Apple's systems that belong to the site (associated domains)."""
    if not passkeys_settings.APPLE_APPS:
        raise Http404
    return JsonResponse(native_apps.site_association(passkeys_settings.APPLE_APPS))
