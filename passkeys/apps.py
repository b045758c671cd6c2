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
        from ostiary import (
            events,
            export_labels,
            factor_set_up,
            factors,
            kept_data,
            notices,
            privacy,
            second_step,
            signin_methods,
        )

        from . import (
            checks,  # noqa: F401  (checks register themselves on import)
            keeper,
            panels,
            personal_data,
            protection,
        )

        privacy.register_exporter(f"{__package__}.personal_data.export")
        export_labels.register(personal_data.LABELS)
        privacy.register_eraser(f"{__package__}.personal_data.erase", name="ostiary_passkeys")
        kept_data.register(f"{__package__}.kept_data.own", order=20)
        factors.register_keeper(self.label, keeper.Keeper())
        factors.register_set_up(
            "ostiary_passkeys:passkeys",
            _("Passkey"),
            order=10,
            offered_to=lambda request, user: (
                request.user.is_authenticated and not factor_set_up.asked(request)
            ),
        )
        factors.register_set_up(
            "ostiary_passkeys:set_up",
            _("Passkey"),
            order=10,
            offered_to=lambda request, user: factor_set_up.asked(request) is not None,
        )
        panels.register()
        protection.register()
        signin_methods.register(
            signin_methods.SignInMethod(
                name="passkey",
                label=_("Sign in with a passkey"),
                url_name="ostiary_passkeys:signin",
                order=10,
                template="ostiary_passkeys/on_signin_page.html",
                setup_url_name="ostiary_passkeys:passkeys",
                setup_label=_("Use a passkey instead"),
                setup_step=f"{__package__}.set_up.PasskeySetUp",
                is_had_by=keeper.owns_passkey,
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
                "passkey.added": _("Passkey added"),
                "passkey.imported": _("Passkey imported"),
                "passkey.renamed": _("Passkey renamed"),
                "passkey.removed": _("Passkey removed"),
                "passkey.refused": _("Passkey rejected"),
                "passkey.counter_went_back": _("Passkey rejected: possible copy"),
                "passkey.counter_stood_still": _("Synced passkey accepted with an old counter"),
                "passkey.eligibility_changed": _("Passkey rejected: its type has changed"),
                "passkey.used_elsewhere": _("Passkey rejected: used on another site"),
            }
        )
        notices.register_notices(
            {
                "passkey_copied": notices.Notice(
                    _("Your passkey for %(site_name)s may have been copied"),
                    _(
                        "We blocked a sign-in to %(site_name)s with your passkey %(passkey)s. Its "
                        "counter shows that a copy of it may be in use. Remove the passkey and "
                        "create a new one."
                    ),
                    example={"passkey": "YubiKey 5"},
                ),
                "passkey_changed": notices.Notice(
                    _("Your passkey for %(site_name)s has changed"),
                    _(
                        "We blocked a sign-in to %(site_name)s with your passkey %(passkey)s. When "
                        "you created it, it reported differently whether it can sync to other "
                        "devices. Remove the passkey and create a new one."
                    ),
                    example={"passkey": "YubiKey 5"},
                ),
                "passkey_used_elsewhere": notices.Notice(
                    _("Your passkey was used on a page that isn’t %(site_name)s"),
                    _(
                        "We blocked a sign-in to %(site_name)s with your passkey %(passkey)s: it "
                        "came from a page at another address. Someone may have sent you to a page "
                        "that looks like ours."
                    ),
                    example={"passkey": "YubiKey 5"},
                ),
            }
        )
