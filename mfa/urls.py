"""Addresses of mfa. Mount at the root of the site."""

from django.urls import path

from .views import (
    app,
    email_code,
    enrolment,
    factors,
    phone,
    recovery_codes,
    sms,
    trusted_devices,
)

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
    path("signin/second-step/sms/", sms.sms_challenge, name="sms_challenge"),
    path("signin/second-step/email/", email_code.email_challenge, name="email_challenge"),
    path("sms/status/<uuid:message_id>/", sms.sms_status, name="sms_status"),
    path("account/security/trusted-devices/", trusted_devices.trusted, name="trusted_devices"),
    path("account/security/trusted-devices/end/", trusted_devices.end, name="trusted_devices_end"),
    path(
        "account/security/trusted-devices/<uuid:pk>/end/",
        trusted_devices.end,
        name="trusted_device_end",
    ),
    path("account/security/factors/", factors.factors, name="factors"),
    path("account/security/app/", app.begin, name="app"),
    path("account/security/app/confirm/", app.confirm, name="app_confirm"),
    path("account/security/app/<int:pk>/", app.change, name="app_change"),
    path("account/security/app/<int:pk>/remove/", app.remove, name="app_remove"),
    path("account/security/phone/", phone.begin, name="phone"),
    path("account/security/phone/code/", phone.confirm, name="phone_confirm"),
    path("account/security/phone/keep/", phone.keep, name="phone_keep"),
    path("account/security/phone/remove/", phone.remove, name="phone_remove"),
    path("account/security/email-code/", email_code.begin, name="email_code"),
    path("account/security/email-code/code/", email_code.confirm, name="email_code_confirm"),
    path("account/security/email-code/remove/", email_code.remove, name="email_code_remove"),
]
