"""What a person is told about their account: one vocabulary for every app of the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Notice:
    """A kind of message. Its texts hold ``%(site_name)s`` and what else ``context`` must give.

    ``action`` is the label of the link to ``context["link"]``, for something that the person can
    still stop. ``example`` is a context with which the message can be looked at.
    """

    subject: Any
    text: Any
    action: Any = ""
    example: Mapping[str, Any] = field(default_factory=dict)


_AUTHENTICATOR = {"factor": _("Authenticator app")}
_PASSKEY = {"passkey": "MacBook"}

_notices: dict[str, Notice] = {
    "new_device": Notice(
        _("New sign-in to %(site_name)s"),
        _("Someone signed in to your account at %(site_name)s on a new device."),
    ),
    "unusual_signin": Notice(
        _("Unusual sign-in to %(site_name)s"),
        _("Someone signed in to your account at %(site_name)s. The sign-in looked unusual."),
    ),
    "session_limit": Notice(
        _("You were signed out of %(site_name)s on one device"),
        _(
            "You can be signed in to %(site_name)s on up to %(most)s devices. After a "
            "new sign-in, the oldest device was signed out: %(device)s."
        ),
        example={"device": "Firefox Linux", "most": "5"},
    ),
    "password_changed": Notice(
        _("Your password for %(site_name)s was changed"),
        _(
            "The password of your account at %(site_name)s was changed. All other "
            "devices were signed out."
        ),
    ),
    "email_changed": Notice(
        _("Your email address for %(site_name)s was changed"),
        _("The email address of your account at %(site_name)s is now %(address)s."),
        example={"address": "new@example.com"},
    ),
    "privileges_changed": Notice(
        _("Your permissions at %(site_name)s were changed"),
        _("An administrator of %(site_name)s changed the permissions of your account."),
    ),
    "factor_added": Notice(
        _("A two-step verification method was added at %(site_name)s"),
        _("Your account at %(site_name)s has a new two-step verification method: %(factor)s."),
        example=_AUTHENTICATOR,
    ),
    "factor_removed": Notice(
        _("A two-step verification method was removed at %(site_name)s"),
        _(
            "A two-step verification method was removed from your account at "
            "%(site_name)s: %(factor)s."
        ),
        example=_AUTHENTICATOR,
    ),
    "factor_reset": Notice(
        _("Your two-step verification at %(site_name)s was reset"),
        _(
            "An administrator of %(site_name)s removed two-step verification from your "
            "account: %(factor)s. Their reason: %(reason)s"
        ),
        example={**_AUTHENTICATOR, "reason": "You reported your phone as lost."},
    ),
    "factor_reset_requested": Notice(
        _("Your two-step verification at %(site_name)s may be removed"),
        _(
            "An administrator of %(site_name)s asked to remove two-step verification from your "
            "account: %(factor)s. Their reason: %(reason)s Another administrator has to approve "
            "this. If you didn’t ask for it, contact them now."
        ),
        example={**_AUTHENTICATOR, "reason": "You reported your phone as lost."},
    ),
    "factor_reset_stopped": Notice(
        _("Your two-step verification at %(site_name)s stays on"),
        _("The administrators of %(site_name)s stopped the removal of two-step verification."),
    ),
    "passkey_added": Notice(
        _("A passkey was added at %(site_name)s"),
        _("A passkey was added to your account at %(site_name)s: %(passkey)s."),
        example=_PASSKEY,
    ),
    "passkey_removed": Notice(
        _("A passkey was removed at %(site_name)s"),
        _("A passkey was removed from your account at %(site_name)s: %(passkey)s."),
        example=_PASSKEY,
    ),
    "recovery_started": Notice(
        _("Account recovery started at %(site_name)s"),
        _(
            "Someone asked to recover your account at %(site_name)s. From %(date)s, "
            "two-step verification can be removed. Until then, you can stop the "
            "recovery."
        ),
        action=_("Stop the recovery"),
        example={"date": "27 November 2026", "link": "https://id.example.com/recover/stop/"},
    ),
    "recovery_ready": Notice(
        _("Your account at %(site_name)s can now be recovered"),
        _(
            "The waiting period ended on %(date)s. Two-step verification can now be "
            "removed from your account at %(site_name)s. Continue where you started "
            "the recovery, or stop it."
        ),
        action=_("Stop the recovery"),
        example={"date": "27 November 2026", "link": "https://id.example.com/recover/stop/"},
    ),
    "recovery_finished": Notice(
        _("Two-step verification was removed at %(site_name)s"),
        _(
            "Someone removed two-step verification from your account at %(site_name)s "
            "after the waiting period. Set it up again."
        ),
        action=_("Set up two-step verification"),
        example={"link": "https://id.example.com/account/security/"},
    ),
    "recovery_stopped": Notice(
        _("Account recovery stopped at %(site_name)s"),
        _(
            "The recovery of your account at %(site_name)s was stopped. Two-step "
            "verification stays on."
        ),
    ),
    "export_requested": Notice(
        _("Your data from %(site_name)s was requested"),
        _("Someone requested a copy of your data from %(site_name)s."),
    ),
    "export_ready": Notice(
        _("Your data from %(site_name)s is ready"),
        _("Download the copy of your data from %(site_name)s by %(date)s."),
        action=_("Download"),
        example={
            "date": "1 December 2026",
            "link": "https://id.example.com/account/privacy/export/",
        },
    ),
    "export_failed": Notice(
        _("Your data from %(site_name)s couldn’t be collected"),
        _("We couldn’t prepare the copy of your data from %(site_name)s. Request it again."),
        action=_("Request data"),
        example={"link": "https://id.example.com/account/privacy/export/"},
    ),
    "export_taken": Notice(
        _("Your data from %(site_name)s was exported"),
        _("An administrator of %(site_name)s exported your data. %(reason)s"),
        example={"reason": "You asked for it by letter."},
    ),
    "erasure_requested": Notice(
        _("Your account at %(site_name)s will be deleted"),
        _(
            "Someone asked to delete your account at %(site_name)s. The account will be deleted on "
            "%(date)s. Until then, you can keep it."
        ),
        action=_("Keep my account"),
        example={"date": "1 December 2026", "link": "https://id.example.com/account/privacy/"},
    ),
    "erasure_cancelled": Notice(
        _("Account deletion at %(site_name)s cancelled"),
        _("Your account at %(site_name)s won’t be deleted."),
    ),
}


def register_notices(notices: Mapping[str, Notice]) -> None:
    """Declare kinds of messages of an app's own."""
    _notices.update(notices)


def notice(kind: str) -> Notice:
    """The notice of this kind. Raises ``ValueError`` for one that nobody declared."""
    if kind not in _notices:
        raise ValueError(f"No app has declared notices of the kind {kind!r}.")
    return _notices[kind]


def kinds() -> list[str]:
    """Every kind that there is."""
    return list(_notices)
