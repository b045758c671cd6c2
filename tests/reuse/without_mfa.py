"""The site without our second factors, and without django-otp that is their base."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE, OSTIARY

INSTALLED_APPS.remove("mfa")
INSTALLED_APPS.remove("django_otp")
MIDDLEWARE.remove("mfa.middleware.VerifiedSessionMiddleware")
OSTIARY["SIGNIN_STEPS"] = [step for step in OSTIARY["SIGNIN_STEPS"] if not step.startswith("mfa.")]
