"""The site without our people: it has Django's."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS.remove("accounts")
AUTH_USER_MODEL = "auth.User"
