"""Addresses of the host project."""

from django.contrib.auth.views import LoginView
from django.urls import include, path

urlpatterns = [
    path("login/", LoginView.as_view(), name="login"),  # the project's own; any view will do
    path("", include("ostiary.oauth.urls")),  # at the root, where /.well-known/ has to be
]
