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
        from ostiary import events, notifications

        from . import (
            checks,  # noqa: F401  (checks register themselves on import)
            not_me,
            receivers,
            signup_policy,
        )

        receivers.connect()
        notifications.use_not_me_link(not_me.link_for)
        signup_policy.connect()
        events.register_kinds(
            {
                "signin.succeeded": _("Signed in"),
                "signin.failed": _("A sign-in failed"),
                "signup.requested": _("Someone asked for an account"),
                "signup.verified": _("The account was made"),
                "signup_policy.changed": _("An operator changed who may sign up"),
                "invitation.sent": _("Someone was invited to make an account"),
                "invitation.revoked": _("An invitation was withdrawn"),
                "recovery.requested": _("Someone asked for a link to set a new password"),
                "recovery.link_sent": _("A link to set a new password was mailed"),
                "recovery.completed": _("A new password was set by a mailed link"),
                "password.changed": _("The password was changed"),
                "password.breached": _("The password was found in a list of stolen ones"),
                "password.breach_check_failed": _("Stolen passwords could not be looked up"),
                "account.secured": _("You said that it was not you, and all was signed out"),
                "email.change_requested": _("A change of the email address was asked for"),
                "email.changed": _("The email address was changed"),
                "email.change_cancelled": _("A change of the email address was called off"),
                "email.change_undone": _("The change of the email address was undone"),
                "profile.changed": _("The profile was changed"),
                "session.ended": _("Signed out"),
                "person.created": _("An operator made the account"),
                "person.changed": _("An operator changed the account"),
                "person.deactivated": _("An operator switched the account off"),
                "person.signed_out": _("An operator ended all sessions"),
            }
        )
