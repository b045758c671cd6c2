"""App configuration of mfa."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MfaConfig(AppConfig):
    """Second factors on django-otp: authenticator apps, text messages, recovery codes."""

    name = __package__
    label = "ostiary_mfa"
    verbose_name = _("Second factors")
    default_auto_field = "django.db.models.BigAutoField"
