"""App configuration of passkeys."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PasskeysConfig(AppConfig):
    """WebAuthn on python-fido2: passkeys to sign in by, and as a second factor."""

    name = __package__
    label = "ostiary_passkeys"
    verbose_name = _("Passkeys")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ostiary import events, factors, privacy, second_step, signin_methods

        from . import (
            checks,  # noqa: F401  (checks register themselves on import)
            keeper,
            panels,
        )

        privacy.register_exporter(f"{__package__}.personal_data.export")
        privacy.register_eraser(f"{__package__}.personal_data.erase")
        factors.register_keeper(self.label, keeper.Keeper())
        panels.register()
        signin_methods.register(
            signin_methods.SignInMethod(
                name="passkey",
                label=_("Sign in with a passkey"),
                url_name="ostiary_passkeys:signin",
                order=10,
                template="ostiary_passkeys/on_signin_page.html",
            )
        )
        second_step.register(
            second_step.Challenge(
                "passkey",
                _("Passkey"),
                "ostiary_passkeys:second_step",
                offered_to=keeper.has_passkey,
                order=10,
            )
        )
        events.register_kinds(
            {
                "passkey.added": _("A passkey was added"),
                "passkey.renamed": _("A passkey was given another name"),
                "passkey.removed": _("A passkey was removed"),
                "passkey.refused": _("A passkey was not taken"),
            }
        )
