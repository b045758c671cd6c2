"""The site without the authorization server, and without the toolkit that is its base."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS.remove("oauth")
INSTALLED_APPS.remove("oauth2_provider")
