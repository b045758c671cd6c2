"""What the documentation of allauth adds to ``startproject``, for an identity provider.

Its limits on tries are off, as a load from one address would only measure them.
"""

import json
import os

from tests.bench.sides.startproject import *  # noqa: F403
from tests.bench.sides.startproject import INSTALLED_APPS as OF_DJANGO
from tests.bench.sides.startproject import MIDDLEWARE as OF_STARTPROJECT

INSTALLED_APPS = [*OF_DJANGO, "allauth", "allauth.account", "allauth.idp.oidc"]
MIDDLEWARE = [*OF_STARTPROJECT, "allauth.account.middleware.AccountMiddleware"]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
ROOT_URLCONF = "tests.bench.sides.allauth_idp.urls"
LOGIN_REDIRECT_URL = "/here/"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
IDP_OIDC_PRIVATE_KEY = json.loads(os.environ["RSA_KEY"])
IDP_OIDC_INTROSPECTION_ENABLED = True
IDP_OIDC_RATE_LIMITS = False
