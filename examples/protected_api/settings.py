"""Settings of the API: no database, no sessions, no users."""

import os
import secrets

SECRET_KEY = secrets.token_urlsafe(50)  # nothing here is signed with it
ALLOWED_HOSTS = os.environ.get("API_ALLOWED_HOSTS", "localhost,127.0.0.1").split(",")
ROOT_URLCONF = "examples.protected_api.urls"
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]

ISSUER_URL = os.environ.get("ISSUER_URL", "http://localhost:8000")
API_AUDIENCE = os.environ.get("API_AUDIENCE", "http://localhost:9001/")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["examples.protected_api.authentication.AccessTokenJWT"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
