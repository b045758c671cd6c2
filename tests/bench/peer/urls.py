"""The views of django-otp-webauthn, and a token against CSRF as a page would carry it."""

from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.urls import include, path


def csrf(request: HttpRequest) -> JsonResponse:
    """As our own API gives it."""
    return JsonResponse({"csrf_token": get_token(request)})


urlpatterns = [
    path("csrf/", csrf),
    path("webauthn/", include("django_otp_webauthn.urls", namespace="otp_webauthn")),
]
