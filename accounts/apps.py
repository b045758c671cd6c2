"""App configuration of accounts."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """People: user model, sign-up, sign-in, recovery, sessions, profile."""

    name = __package__
    label = "ostiary_accounts"
    verbose_name = _("People")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ostiary import events

        from . import receivers

        receivers.connect()
        events.register_kinds(
            {
                "signin.succeeded": _("Signed in"),
                "signin.failed": _("A sign-in failed"),
                "signup.requested": _("Someone asked for an account"),
                "signup.verified": _("The account was made"),
                "recovery.requested": _("A link to set a new password was asked for"),
                "recovery.completed": _("A new password was set by a mailed link"),
                "password.changed": _("The password was changed"),
                "profile.changed": _("The profile was changed"),
                "session.ended": _("Signed out"),
            }
        )
