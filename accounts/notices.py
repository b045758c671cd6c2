"""What people are told of that accounts alone does (SECURITY C9)."""

from django.utils.translation import gettext_lazy as _

from ostiary.notices import Notice

NOTICES = {
    "support_started": Notice(
        _("Your account at %(site_name)s is being recovered for you"),
        _(
            "Someone wrote to the people who run %(site_name)s that they can’t get into your "
            "account, and they agreed to help. From %(date)s on, a link can be mailed to "
            "%(address)s. %(what)s Until it is used you can stop it; if you are signed in "
            "somewhere, do so if it was not you who asked."
        ),
        action=_("Stop the recovery"),
        example={
            "date": "27 November 2026",
            "address": "new@example.com",
            "what": _("It sets a new password."),
            "link": "https://id.example.com/recover/support/stop/",
        },
    ),
    "support_stopped": Notice(
        _("A recovery was stopped at %(site_name)s"),
        _(
            "The people who run %(site_name)s were about to help someone into your account. That "
            "was stopped, or its time is over, and your account is as it was."
        ),
    ),
    "support_finished": Notice(
        _("Your account at %(site_name)s was recovered"),
        _(
            "Someone used the link that the people who run %(site_name)s had mailed to "
            "%(address)s. %(what)s Every device was signed out."
        ),
        example={
            "address": "new@example.com",
            "what": _("It sets a new password and removes every second step and passkey."),
        },
    ),
    "password_breached": Notice(
        _("Change your password for %(site_name)s"),
        _(
            "The password with which someone signed in to your account at %(site_name)s is in a "
            "list of passwords stolen from other sites. Whoever has the list can try it. Choose "
            "another one, and use it nowhere else."
        ),
        action=_("Change password"),
        example={"link": "https://id.example.com/account/security/"},
    ),
}
