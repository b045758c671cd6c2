"""App configuration of passkeys."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PasskeysConfig(AppConfig):
    """WebAuthn on python-fido2: passkeys to sign in by, and as a second factor."""

    name = __package__
    label = "ostiary_passkeys"
    verbose_name = _("Passkeys")
    default_auto_field = "django.db.models.BigAutoField"
