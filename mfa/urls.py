"""Addresses of mfa. Mount at the root of the site."""

from django.urls import path

from .views import app, factors

app_name = "ostiary_mfa"

urlpatterns = [
    path("signin/second-step/app/", app.app_challenge, name="app_challenge"),
    path("account/security/factors/", factors.factors, name="factors"),
    path("account/security/app/", app.begin, name="app"),
    path("account/security/app/confirm/", app.confirm, name="app_confirm"),
    path("account/security/app/<int:pk>/", app.change, name="app_change"),
    path("account/security/app/<int:pk>/remove/", app.remove, name="app_remove"),
]
