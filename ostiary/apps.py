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
        privacy.register_eraser(f"{__package__}.admin_log.erase", order=5)
        # Late: an app's own eraser may still look at the person's sessions.
        privacy.register_eraser(f"{__package__}.personal_data.erase", order=90)
        kept_data.register(f"{__package__}.kept_data.own", order=90)
        event_groups.register(event_groups.SIGN_INS, "signin.", "session.")
        event_groups.register(event_groups.PRIVACY, "erasure.", "export.")
        events.register_kinds(
            {
                "erasure.requested": _("The erasure of the account was asked for"),
                "erasure.cancelled": _("The erasure of the account was called off"),
                "erasure.carried_out": _("The account was erased"),
                "erasure.region_missing": _("A region has not confirmed an erasure"),
                "export.requested": _("A copy of what is kept about you was asked for"),
                "export.ready": _("The copy of what is kept about you is ready"),
                "export.failed": _("The copy of what is kept about you could not be made"),
                "export.fetched": _("The copy of what is kept about you was fetched"),
                "export.taken": _("An operator made a copy of what is kept about you"),
                "factor.reset": _("An administrator removed two-step verification"),
                "factor.reset_requested": _(
                    "An administrator asked to remove two-step verification"
                ),
                "factor.reset_stopped": _("The removal of two-step verification was stopped"),
                "factor.reset_refused": _(
                    "The removal of two-step verification was refused: who asked may not do that"
                ),
                "events.pruned": _("Old events were removed"),
                "keys.rotated": _("What is encrypted was brought to the newest key"),
                "mail.bounced": _("Mail to your address came back"),
                "mail.not_sent": _("The mail provider did not send a message to you"),
                "mail.cleared": _("Your address gets mail again"),
                "mail.complained": _("A message to you was reported as spam"),
                "outbox.dropped": _("A message was dropped"),
                "outbox.expired": _("Messages that nobody retried were dropped"),
                "outbox.retried": _("A message was made due again"),
                "signin.refused": _("A sign-in was refused"),
                "signin.unusual": _("A sign-in began that looked unusual"),
                "session.moved": _("You went on in another network"),
                "session.ended_by_operator": _("An operator signed you out"),
            }
        )
