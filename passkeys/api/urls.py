"""Addresses of the endpoints, mounted under ``api/passkeys/``."""

from django.urls import path

from ostiary.second_step import exempt

from .deferred import Deferred

urlpatterns = [
    path("", Deferred("Passkeys"), name="api_passkeys"),
    path("csrf/", exempt(Deferred("CsrfToken")), name="api_csrf"),
    path(
        "registration/options/",
        Deferred("RegistrationOptions"),
        name="api_registration_options",
    ),
    path("registration/", Deferred("Registration"), name="api_registration"),
    path(
        "authentication/options/",
        exempt(Deferred("AuthenticationOptions")),
        name="api_authentication_options",
    ),
    path("authentication/", exempt(Deferred("Authentication")), name="api_authentication"),
    path("<uuid:pk>/", Deferred("Passkey"), name="api_passkey"),
]
