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
        privacy.register_eraser(f"{__package__}.personal_data.erase")
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
                "passkey.added": _("A passkey was added"),
                "passkey.imported": _("A passkey was taken over from an earlier system"),
                "passkey.renamed": _("A passkey was given another name"),
                "passkey.removed": _("A passkey was removed"),
                "passkey.refused": _("A passkey was not taken"),
                "passkey.counter_went_back": _("A passkey was not taken: it seems to be copied"),
                "passkey.counter_stood_still": _(
                    "A synced passkey was taken though its counter did not go up"
                ),
                "passkey.eligibility_changed": _(
                    "A passkey was not taken: it was not of the kind that it had been"
                ),
                "passkey.used_elsewhere": _(
                    "A passkey was not taken: it was used for another site"
                ),
            }
        )
        notices.register_notices(
            {
                "passkey_copied": notices.Notice(
                    _("A passkey of yours at %(site_name)s seems to be copied"),
                    _(
                        "Your passkey %(passkey)s counts how often it was used. At %(site_name)s "
                        "somebody used it with a count that was there before: there may be two of "
                        "it. It was not let in. Remove the passkey and make a new one."
                    ),
                    example={"passkey": "YubiKey 5"},
                ),
                "passkey_changed": notices.Notice(
                    _("A passkey of yours at %(site_name)s is not what it was"),
                    _(
                        "Your passkey %(passkey)s told %(site_name)s something else of itself than "
                        "when it was made: whether it can be copied to other devices. It was not "
                        "let in. Remove the passkey and make a new one."
                    ),
                    example={"passkey": "YubiKey 5"},
                ),
                "passkey_used_elsewhere": notices.Notice(
                    _("A passkey of yours was used on a page that is not %(site_name)s"),
                    _(
                        "Your passkey %(passkey)s was used on a page of another address, which "
                        "passed it on to %(site_name)s. It was not let in. Somebody may have led "
                        "you to a page that looks like ours."
                    ),
                    example={"passkey": "YubiKey 5"},
                ),
            }
        )
