"""The addresses of the API, and where clients learn who issues its tokens (RFC 9728)."""

from django.urls import path

from oauth.resource_server.metadata import metadata_url

from .views import Hello, Vault

urlpatterns = [path("", Hello.as_view()), path("vault", Vault.as_view()), metadata_url()]
