"""App configuration of the ground floor."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OstiaryConfig(AppConfig):
    """Connects the session register to Django's signals, and registers checks and events."""

    name = __package__
    label = "ostiary"
    verbose_name = _("Ostiary")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import (
            branding,
            checks,  # noqa: F401  (checks register themselves)
            event_groups,
            events,
            export_labels,
            export_own,
            kept_data,
            mail_reports,
            privacy,
            scrubbing,
            sessions,
        )

        branding.connect()
        scrubbing.connect()
        sessions.connect()
        mail_reports.connect()
        # First: it is what people look for.
        privacy.register_exporter(f"{__package__}.export_own.export", order=10)
        export_labels.register(export_own.LABELS)
        export_labels.register_words(export_own.WORDS)
        # Early: it looks at the person's rows to know what is about them.
        privacy.register_eraser(f"{__package__}.admin_log.erase", order=5, name="ostiary.admin_log")
        # Late: an app's own eraser may still look at the person's sessions.
        privacy.register_eraser(f"{__package__}.personal_data.erase", order=90, name="ostiary")
        kept_data.register(f"{__package__}.kept_data.own", order=90)
        event_groups.register(event_groups.SIGN_INS, "signin.", "session.")
        event_groups.register(event_groups.PRIVACY, "erasure.", "export.")
        events.register_kinds(
            {
                "erasure.requested": _("Someone requested the deletion of the account"),
                "erasure.cancelled": _("The deletion of the account was cancelled"),
                "erasure.carried_out": _("The account was deleted"),
                "erasure.region_missing": _("A region hasn’t confirmed a deletion"),
                "export.requested": _("Someone requested a copy of your data"),
                "export.ready": _("The copy of your data is ready"),
                "export.failed": _("The copy of your data couldn’t be prepared"),
                "export.fetched": _("The copy of your data was downloaded"),
                "export.taken": _("An administrator exported your data"),
                "factor.reset": _("An administrator removed two-step verification"),
                "factor.reset_requested": _(
                    "An administrator asked to remove two-step verification"
                ),
                "factor.reset_stopped": _("The removal of two-step verification was stopped"),
                "factor.reset_refused": _(
                    "The removal of two-step verification was refused: missing permission"
                ),
                "events.pruned": _("Old events were removed"),
                "keys.rotated": _("Encrypted data was moved to the newest key"),
                "mail.bounced": _("An email to you was returned"),
                "mail.not_sent": _("The email provider didn’t send an email to you"),
                "mail.cleared": _("Emails to your address are delivered again"),
                "mail.complained": _("An email to you was reported as spam"),
                "outbox.dropped": _("A message was discarded"),
                "outbox.expired": _("Expired messages were discarded"),
                "outbox.retried": _("A message was queued for another attempt"),
                "signin.refused": _("A sign-in was refused"),
                "signin.unusual": _("Unusual sign-in attempt"),
                "session.moved": _("Your network changed"),
                "session.ended_by_operator": _("An administrator signed you out"),
            }
        )
