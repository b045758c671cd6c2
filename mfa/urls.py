"""Addresses of mfa. Mount at the root of the site."""

from django.urls import path

from .views import app, enrolment, factors, recovery_codes

app_name = "ostiary_mfa"

urlpatterns = [
    path("signin/second-step/app/", app.app_challenge, name="app_challenge"),
    path("signin/second-step/set-up/", enrolment.enrol, name="enrol"),
    path(
        "signin/second-step/recovery-code/",
        recovery_codes.recovery_code_challenge,
        name="recovery_code_challenge",
    ),
    path(
        "account/security/recovery-codes/",
        recovery_codes.recovery_code_set,
        name="recovery_codes",
    ),
    path(
        "account/security/recovery-codes/download/",
        recovery_codes.download,
        name="recovery_codes_download",
    ),
    path("account/security/factors/", factors.factors, name="factors"),
    path("account/security/app/", app.begin, name="app"),
    path("account/security/app/confirm/", app.confirm, name="app_confirm"),
    path("account/security/app/<int:pk>/", app.change, name="app_change"),
    path("account/security/app/<int:pk>/remove/", app.remove, name="app_remove"),
]
