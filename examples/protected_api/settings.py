"""Settings of the API: no database, no sessions, no users."""

import os
import secrets

SECRET_KEY = secrets.token_urlsafe(50)  # nothing here is signed with it but the nonces of DPoP
ALLOWED_HOSTS = os.environ.get("API_ALLOWED_HOSTS", "localhost,127.0.0.1").split(",")
ROOT_URLCONF = "examples.protected_api.urls"
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]

# Used DPoP proofs are remembered in the cache: several processes need one that they share.
OSTIARY_RESOURCE_SERVER = {
    "ISSUER": os.environ.get("ISSUER_URL", "http://localhost:8000"),
    "AUDIENCE": os.environ.get("API_AUDIENCE", "http://localhost:9001/"),
    "SCOPES": ["api:read"],
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["oauth.resource_server.drf.AccessTokenAuthentication"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
