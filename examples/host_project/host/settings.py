"""An ordinary Django project. What Ostiary adds is marked with (1) to (5)."""

import os
from pathlib import Path

# (1) django-oauth-toolkit uses the models and classes of ostiary.oauth.
from ostiary.oauth.provider_settings import *  # noqa: F403
from ostiary.oauth.provider_settings import OAUTH2_PROVIDER

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]

# (2) The ground floor, the OAuth server, and the toolkit it is built on.
INSTALLED_APPS = [
    "ostiary",
    "ostiary.oauth",
    "oauth2_provider",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "billing",  # the project's own: see billing/privacy.py for what it has to do with Ostiary
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "ostiary.oauth.middleware.OpenerMiddleware",  # (3) for sign-ins in a pop-up
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ostiary.sessions.SessionRegisterMiddleware",  # (3) after AuthenticationMiddleware
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "host.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "host" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"},
}
USE_TZ = True
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"

# (4) Its own name in the world, and the key that encrypts what must be kept secret.
OSTIARY = {
    "ISSUER_URL": os.environ.get("ISSUER_URL", "http://localhost:8000"),
    "FIELD_ENCRYPTION_KEYS": os.environ["FIELD_ENCRYPTION_KEYS"].split(","),
    # (5) What stays of people who are erased, why and until when.
    "RETENTION_RULES": ["billing.privacy.invoices_stay"],
}
OAUTH2_PROVIDER["SCOPES"] = {"notes:read": "Read your notes"}
