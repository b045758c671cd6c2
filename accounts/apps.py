"""App configuration of accounts."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """People: user model, sign-up, sign-in, recovery, sessions, profile."""

    name = __package__
    label = "ostiary_accounts"
    verbose_name = _("Users")
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
        privacy.register_eraser(f"{__package__}.personal_data.erase", name="ostiary_accounts")

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
            "ostiary_accounts:factor_recovery", _("I can’t verify with any of these")
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
                "signin.code_sent": _("A code to confirm a sign-in was sent by email"),
                "signin.failed": _("A sign-in failed"),
                "attack.suspected": _("Sign-in attempts on many accounts at once"),
                "code.requested": _("Someone requested a code by email"),
                "signup.requested": _("Someone started to sign up"),
                "signup.verified": _("The account was created"),
                "terms.accepted": _("You accepted the terms of use"),
                "terms.declined": _("You declined the terms of use"),
                "signup_policy.changed": _("An administrator changed who can sign up"),
                "invitation.sent": _("An invitation was sent"),
                "invitation.revoked": _("An invitation was withdrawn"),
                "recovery.requested": _("Someone requested a link to set a new password"),
                "recovery.link_sent": _("A link to set a new password was sent by email"),
                "recovery.completed": _("A new password was set with a link sent by email"),
                "password.changed": _("The password was changed"),
                "password.breached": _("The password was found in a data breach"),
                "password.breach_check_failed": _("The check for breached passwords failed"),
                "account.secured": _(
                    "You reported that it wasn’t you, and all devices were signed out"
                ),
                "email.confirmed_again": _("The email address was confirmed again"),
                "email.change_requested": _("Someone requested a change of the email address"),
                "email.changed": _("The email address was changed"),
                "email.change_cancelled": _("The change of the email address was cancelled"),
                "email.change_undone": _("The change of the email address was undone"),
                "factor_recovery.requested": _("Someone requested account recovery"),
                "factor_recovery.begun": _("Account recovery was started"),
                "factor_recovery.stopped": _("Account recovery was stopped"),
                "factor_recovery.finished": _(
                    "Two-step verification was removed by account recovery"
                ),
                "profile.changed": _("The profile was changed"),
                "session.ended": _("Signed out"),
                "person.created": _("An administrator created the account"),
                "person.changed": _("An administrator changed the account"),
                "person.deactivated": _("An administrator deactivated the account"),
                "person.imported": _("The account was imported from another system"),
                "person.import_updated": _("The account was updated from another system"),
                "group.changed": _("An administrator changed the permissions of a group"),
                "person.signed_out": _("An administrator signed the account out on all devices"),
            }
        )
