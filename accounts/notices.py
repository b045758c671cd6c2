"""What people are told of that accounts alone does (SECURITY C9)."""

from django.utils.translation import gettext_lazy as _

from ostiary.notices import Notice

NOTICES = {
    "support_started": Notice(
        _("Account recovery started at %(site_name)s"),
        _(
            "Someone asked an administrator of %(site_name)s to recover your account. "
            "From %(date)s, a link can be emailed to %(address)s. %(what)s If you "
            "didn’t request this, stop the recovery now."
        ),
        action=_("Stop the recovery"),
        example={
            "date": "27 November 2026",
            "address": "new@example.com",
            "what": _("The link sets a new password."),
            "link": "https://id.example.com/recover/support/stop/",
        },
    ),
    "support_stopped": Notice(
        _("Account recovery stopped at %(site_name)s"),
        _(
            "The recovery of your account by an administrator of %(site_name)s was "
            "stopped or has expired. Your account hasn’t changed."
        ),
    ),
    "support_finished": Notice(
        _("Your account at %(site_name)s was recovered"),
        _(
            "Someone used the recovery link that %(site_name)s emailed to %(address)s. "
            "%(what)s You were signed out on all devices."
        ),
        example={
            "address": "new@example.com",
            "what": _(
                "The link sets a new password and removes two-step verification and all passkeys."
            ),
        },
    ),
    "password_breached": Notice(
        _("Change your password for %(site_name)s"),
        _(
            "The password used to sign in to your account at %(site_name)s has "
            "appeared in a data breach of another site. Choose a different one that "
            "you don’t use anywhere else."
        ),
        action=_("Change password"),
        example={"link": "https://id.example.com/account/security/"},
    ),
}
