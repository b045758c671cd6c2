"""Addresses of passkeys. Mount at the root of the site."""

from django.urls import path

from .views import account, signin

app_name = "ostiary_passkeys"

urlpatterns = [
    path("signin/passkey/", signin.signin, name="signin"),
    path("signin/second-step/passkey/", signin.second, name="second_step"),
    path("account/security/passkeys/", account.passkeys, name="passkeys"),
    path("account/security/passkeys/<uuid:pk>/", account.rename, name="rename"),
    path("account/security/passkeys/<uuid:pk>/remove/", account.remove, name="remove"),
]
