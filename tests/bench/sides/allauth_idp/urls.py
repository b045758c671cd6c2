"""The addresses of allauth and of its identity provider."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def here(request: HttpRequest) -> HttpResponse:
    """Where a sign-in ends."""
    return HttpResponse("Signed in.")


urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("here/", here),
    path("", include("allauth.idp.urls")),
]
