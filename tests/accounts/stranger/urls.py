"""Addresses of the stranger's project."""

from django.urls import include, path

urlpatterns = [path("", include("accounts.urls"))]
