"""What the documentation of django-oauth-toolkit adds to ``startproject``."""

import json
import os

from tests.bench.sides.startproject import *  # noqa: F403
from tests.bench.sides.startproject import INSTALLED_APPS as OF_DJANGO

INSTALLED_APPS = [*OF_DJANGO, "oauth2_provider"]
ROOT_URLCONF = "tests.bench.sides.django_oauth_toolkit.urls"
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/here/"
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_RSA_PRIVATE_KEY": json.loads(os.environ["RSA_KEY"]),
    "SCOPES": {"openid": "OpenID Connect", "read": "Read"},
    "DEFAULT_SCOPES": ["read"],
}
