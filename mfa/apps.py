"""App configuration of mfa."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MfaConfig(AppConfig):
    """Second factors on django-otp: authenticator apps, text messages, recovery codes."""

    name = __package__
    label = "ostiary_mfa"
    verbose_name = _("Two-step verification")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ostiary import (
            event_groups,
            events,
            export_labels,
            factors,
            kept_data,
            message_samples,
            privacy,
        )

        from . import (
            app_factor,
            checks,  # noqa: F401  (checks register themselves on import)
            email_factor,
            kinds,
            otp_session,
            panels,
            personal_data,
            protection,
            recovery_codes,
            trusted_devices,
        )
        from .message_samples import MAILS, TEXTS
        from .sms import checks as sms_checks  # noqa: F401
        from .sms import factor as sms_factor

        privacy.register_exporter(f"{__package__}.personal_data.export")
        export_labels.register(personal_data.LABELS)
        privacy.register_eraser(f"{__package__}.personal_data.erase", name="ostiary_mfa")
        kept_data.register(f"{__package__}.kept_data.own", order=30)
        factors.register_keeper(self.label, kinds.Keeper())
        app_factor.register()
        recovery_codes.register()
        trusted_devices.register()
        sms_factor.register()
        email_factor.register()
        panels.register()
        protection.register()
        message_samples.register_mails(MAILS)
        message_samples.register_texts(TEXTS)
        otp_session.connect()
        event_groups.register(
            event_groups.SIGN_INS, "factor.used", "factor.failed", "sms.", "email_code."
        )
        events.register_kinds(
            {
                "factor.added": _("A two-step verification method was added"),
                "factor.renamed": _("A two-step verification method was renamed"),
                "factor.imported": _(
                    "A two-step verification method was imported from another system"
                ),
                "second_step_policy.changed": _(
                    "An administrator changed the two-step verification policy"
                ),
                "factor.removed": _("A two-step verification method was removed"),
                "factor.used": _("You completed two-step verification"),
                "factor.failed": _("A two-step verification code was wrong"),
            }
        )
