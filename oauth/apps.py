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
        privacy.register_eraser(
            f"{__package__}.personal_data.erase", order=10, name="ostiary_oauth"
        )
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
                "token.reuse_detected": _("Replaced token reused"),
                "consent.granted": _("Application allowed"),
                "device.allowed": _("Device connected"),
                "device.denied": _("Device connection denied"),
                "consent.withdrawn": _("Application access removed"),
                "grant.revoked": _("Application access removed by an administrator"),
                "client.registered": _("Application registered"),
                "client.changed": _("Application changed"),
                "client.secret_rotated": _("New application secret created"),
                "client.tokens_revoked": _("All tokens of an application revoked"),
                "initial_access_token.made": _("Initial access token created"),
                "initial_access_token.changed": _("Initial access token changed"),
                "initial_access_token.deleted": _("Initial access token revoked"),
                "client.deleted": _("Application deleted"),
                "client.key_unavailable": _("No key to encrypt or sign for an application"),
                "exchange_rule.changed": _("Exchange rule changed"),
                "exchange_rule.deleted": _("Exchange rule deleted"),
                "trust_rule.changed": _("Trust rule changed"),
                "trust_rule.deleted": _("Trust rule deleted"),
                "workload.accepted": _("Workload accepted with an outside token"),
                "workload.refused": _("Workload’s outside token refused"),
                "api.changed": _("API registered or changed"),
                "api.deleted": _("API deleted"),
                "signing_key.rotated": _("Signing key rotated"),
                "signing_key.imported": _("Signing key imported"),
                "signing_key.revoked": _("Signing key revoked"),
            }
        )
