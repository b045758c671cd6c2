"""The site without passkeys."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, OSTIARY

INSTALLED_APPS.remove("passkeys")
OSTIARY["SIGNIN_STEPS"] = [
    step for step in OSTIARY["SIGNIN_STEPS"] if not step.startswith("passkeys.")
]
