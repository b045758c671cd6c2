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
        from ostiary import (
            all_addresses,
            erasure,
            event_groups,
            events,
            export_labels,
            exports,
            factors,
            notifications,
            operators,
            privacy,
            signin_methods,
        )
        from ostiary.message_samples import register_mails
        from ostiary.notices import register_notices

        from . import (
            checks,  # noqa: F401  (checks register themselves on import)
            erasing,
            exporting,
            mail_samples,
            not_me,
            notices,
            overview,
            panels,
            password_changes,
            personal_data,
            picture,
            receivers,
            signup_policy,
            support,
            under_way,
        )
        from .conf import accounts_settings

        operators.register_required(lambda: accounts_settings.SUPPORT_RECOVERY_OPERATORS)
        all_addresses.register(personal_data.further_addresses)
        privacy.register_exporter(f"{__package__}.personal_data.export")
        export_labels.register(personal_data.LABELS)
        export_labels.register_words(personal_data.WORDS)
        privacy.register_eraser(f"{__package__}.personal_data.erase")

        receivers.connect()
        password_changes.connect()
        panels.register()
        overview.register()
        under_way.register()
        picture.register()
        notifications.use_not_me_link(not_me.link_for)
        erasure.use_cancel_link(erasing.cancel_link)
        exports.use_page_link(exporting.page_link)
        register_notices(notices.NOTICES)
        register_mails(mail_samples.SAMPLES)
        signup_policy.connect()
        factors.register_last_resort(
            "ostiary_accounts:factor_recovery", _("I can’t use my second step")
        )
        signin_methods.register(
            signin_methods.SignInMethod(
                name="email",
                label=_("Sign in by email"),
                url_name="ostiary_accounts:signin_email",
                order=50,
                is_offered=lambda request: accounts_settings.PASSWORDLESS_EMAIL,
                is_had_by=lambda user: accounts_settings.PASSWORDLESS_EMAIL,
            )
        )
        event_groups.register(
            event_groups.SIGN_INS, "code.", "person.signed_out", "account.secured"
        )
        event_groups.register(event_groups.PRIVACY, "profile.", "terms.", "signup.")
        events.register_kinds(
            {f"support_case.{kind}": words for kind, words in support.KINDS.items()}
        )
        events.register_kinds(
            {
                "signin.succeeded": _("Signed in"),
                "signin.code_sent": _("A code to confirm a sign-in was mailed"),
                "signin.failed": _("A sign-in failed"),
                "attack.suspected": _("Many accounts were tried at once"),
                "code.requested": _("Someone asked for a code by email"),
                "signup.requested": _("Someone asked for an account"),
                "signup.verified": _("The account was made"),
                "terms.accepted": _("You accepted the terms of use"),
                "terms.declined": _("You did not accept the terms of use"),
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
                "email.confirmed_again": _("The email address was confirmed again"),
                "email.change_requested": _("A change of the email address was asked for"),
                "email.changed": _("The email address was changed"),
                "email.change_cancelled": _("A change of the email address was called off"),
                "email.change_undone": _("The change of the email address was undone"),
                "factor_recovery.requested": _("Someone asked for a way in without second step"),
                "factor_recovery.begun": _("A recovery without second step was begun"),
                "factor_recovery.stopped": _("A recovery without second step was stopped"),
                "factor_recovery.finished": _("The second step was removed by a recovery"),
                "profile.changed": _("The profile was changed"),
                "session.ended": _("Signed out"),
                "person.created": _("An operator made the account"),
                "person.changed": _("An operator changed the account"),
                "person.deactivated": _("An operator switched the account off"),
                "person.imported": _("The account was taken over from another system"),
                "person.import_updated": _(
                    "The account was brought up to date from another system"
                ),
                "group.changed": _("An operator changed what a group may do"),
                "person.signed_out": _("An operator ended all sessions"),
            }
        )
