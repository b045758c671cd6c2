"""Addresses of mfa. Mount at the root of the site."""

from django.urls import URLPattern

app_name = "ostiary_mfa"

urlpatterns: list[URLPattern] = []
