"""The addresses of django-oauth-toolkit, and Django's own sign-in page."""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def here(request: HttpRequest) -> HttpResponse:
    """Where a sign-in ends."""
    return HttpResponse("Signed in.")


urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/login/", LoginView.as_view(template_name="admin/login.html")),
    path("here/", here),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
