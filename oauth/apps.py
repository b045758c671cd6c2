"""App configuration of the OAuth 2.1 and OpenID Connect server."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OAuthConfig(AppConfig):
    """OAuth 2.1 and OpenID Connect, built on django-oauth-toolkit."""

    name = __package__
    label = "ostiary_oauth"
    verbose_name = _("Applications and tokens")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ostiary import application_ahead as applications_ahead
        from ostiary import event_groups, events, export_labels, kept_data, privacy

        from . import (
            apis,
            application_ahead,
            checks,  # noqa: F401  (checks register themselves on import)
            exported,
            panels,
            receivers,
            scopes,
        )

        privacy.register_exporter(f"{__package__}.exported.export")
        export_labels.register(exported.LABELS)
        export_labels.register_words({"scopes": scopes.in_words})
        # Early: tokens end, and clients are told, before anything else goes.
        privacy.register_eraser(f"{__package__}.personal_data.erase", order=10)
        kept_data.register(f"{__package__}.kept_data.own", order=40)

        receivers.connect()
        apis.connect()
        panels.register()
        applications_ahead.register(application_ahead.find)
        event_groups.register(
            event_groups.APPLICATIONS,
            *("api.", "client.", "consent.", "device.", "exchange_rule.", "grant."),
            *("initial_access_token.", "token.", "trust_rule.", "workload."),
        )
        events.register_kinds(
            {
                "token.reuse_detected": _("A token was used again after it had been replaced"),
                "consent.granted": _("You allowed an application"),
                "device.allowed": _("You connected a device"),
                "device.denied": _("You refused to connect a device"),
                "consent.withdrawn": _("You withdrew an application's access"),
                "grant.revoked": _("An operator ended an application's access to your account"),
                "client.registered": _("An application was registered"),
                "client.changed": _("An application's registration was changed"),
                "client.secret_rotated": _("An application got a new secret"),
                "client.tokens_revoked": _("All tokens of an application were ended"),
                "initial_access_token.made": _("A token for registering applications was made"),
                "initial_access_token.changed": _("A token for registering applications changed"),
                "initial_access_token.deleted": _("A token for registering applications ended"),
                "client.deleted": _("An application was deleted"),
                "client.key_unavailable": _("An application has no key for its answer"),
                "exchange_rule.changed": _("A rule for exchanging tokens was changed"),
                "exchange_rule.deleted": _("A rule for exchanging tokens was deleted"),
                "trust_rule.changed": _("A rule for tokens of other issuers was changed"),
                "trust_rule.deleted": _("A rule for tokens of other issuers was deleted"),
                "workload.accepted": _("A workload was let in by a token of another issuer"),
                "workload.refused": _("A workload's token of another issuer was refused"),
                "api.changed": _("An API was registered or changed"),
                "api.deleted": _("An API was deleted"),
                "signing_key.rotated": _("A signing key was replaced"),
                "signing_key.imported": _("A signing key was imported"),
                "signing_key.revoked": _("A signing key was withdrawn"),
            }
        )
