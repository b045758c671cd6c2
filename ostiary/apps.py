"""App configuration of the ground floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OstiaryConfig(AppConfig):
    """Connects the session register to sign-in and sign-out, and registers the system checks."""

    name = __package__
    label = "ostiary"
    verbose_name = _("Ostiary")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks, sessions  # noqa: F401  (checks register themselves on import)

        sessions.connect()
