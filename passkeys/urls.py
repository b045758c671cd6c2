"""Addresses of passkeys. Mount at the root of the site."""

from django.urls import URLPattern

app_name = "ostiary_passkeys"

urlpatterns: list[URLPattern] = []
