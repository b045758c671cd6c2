"""Addresses of the endpoints, mounted under ``api/passkeys/``."""

from django.urls import path

from ostiary.second_step import exempt

from . import views

urlpatterns = [
    path("", views.Passkeys.as_view(), name="api_passkeys"),
    path("csrf/", exempt(views.CsrfToken.as_view()), name="api_csrf"),
    path(
        "registration/options/",
        views.RegistrationOptions.as_view(),
        name="api_registration_options",
    ),
    path("registration/", views.Registration.as_view(), name="api_registration"),
    path(
        "authentication/options/",
        exempt(views.AuthenticationOptions.as_view()),
        name="api_authentication_options",
    ),
    path("authentication/", exempt(views.Authentication.as_view()), name="api_authentication"),
    path("<uuid:pk>/", views.Passkey.as_view(), name="api_passkey"),
]
