"""The site without our people: it has Django's."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, OSTIARY

INSTALLED_APPS.remove("accounts")
OSTIARY["SIGNIN_STEPS"] = [
    step for step in OSTIARY["SIGNIN_STEPS"] if not step.startswith("accounts.")
]
AUTH_USER_MODEL = "auth.User"
