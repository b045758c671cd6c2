"""Codes by text message as a second factor: who is offered them, and where they are asked for.

A text message is the weakest second factor that still is one: whoever persuades a telephone company
to move a number gets its codes. So it is offered to who has no better one (SECURITY D2).
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ostiary import assurance, events, notices, second_step
from ostiary.notices import Notice
from ostiary.signin import pending as pending_signin

from .. import kinds
from ..conf import mfa_settings
from ..models import Phone
from . import backend, phones

BETTER = frozenset({"passkey", "app"})


class PhoneKind(kinds.Kind):
    """Of several telephones one gets codes."""

    def devices(self, user: Any) -> list[Any]:
        """The one that is in use now."""
        phone = phones.in_use(user)
        return [phone] if phone else []


def is_for(request: HttpRequest, user: Any) -> bool:
    """Whether the person may set it up: this site sends messages to them, and they have nothing
    better."""
    return _is_on_for(user) and not _has_better(request, user)


def _is_on_for(user: Any) -> bool:
    excluded = mfa_settings.SMS_EXCLUDED_GROUPS
    return backend.is_on() and not (
        excluded and hasattr(user, "groups") and user.groups.filter(name__in=excluded).exists()
    )


def _has_better(request: HttpRequest, user: Any) -> bool:
    return any(way.name in BETTER for way in second_step.offered(request, user))


def _offered_to(request: HttpRequest, user: Any) -> bool:
    """Whether a code can be sent to the person now, and the client that asked would take it."""
    if not _is_on_for(user) or not _is_taken(request):
        return False
    phone = phones.in_use(user)
    return phone is not None and phone.country in mfa_settings.SMS_COUNTRIES


def _is_taken(request: HttpRequest) -> bool:
    """A client may want two factors and no text message; then nobody is asked for one in vain."""
    found = pending_signin(request)
    if found is None or assurance.WITHOUT_SMS not in found[0].acr_values:
        return True
    with_sms = assurance.Assurance(amr=(*found[0].amr, Phone.amr), auth_time=0)
    return any(with_sms.satisfies(acr) for acr in found[0].acr_values)


KIND = PhoneKind(
    name="sms",
    label=_("Text message"),
    about=_("We text you a code. Phone numbers can be hijacked, so an app or passkey is safer."),
    url_name="ostiary_mfa:phone",
    model=Phone,
    icon="message",
    order=60,
    is_offered=is_for,
)


def register() -> None:
    """Called once, when the app is ready."""
    kinds.register(KIND)
    events.register_kinds(
        {
            "sms.code_sent": _("Code sent by text message"),
            "sms.failed": _("Text message not delivered"),
            "sms.budget_warning": _("Daily limit of text messages nearly reached"),
            "sms.budget_spent": _("Daily limit of text messages reached"),
            "phone.changed": _("A new phone number was confirmed"),
            "phone.kept": _("A change of the phone number was stopped"),
        }
    )
    number = {"number": "+49 ••• ••89"}
    notices.register_notices(
        {
            "phone_changed": Notice(
                _("Your phone number for %(site_name)s is being changed"),
                _(
                    "From %(date)s, codes for your account at %(site_name)s go to the phone "
                    "number %(number)s. Until then, your current number gets them, and you can "
                    "stop the change."
                ),
                action=_("Review the change"),
                example={
                    **number,
                    "date": "27 November 2026",
                    "link": "https://id.example.com/account/security/phone/",
                },
            ),
            "phone_kept": Notice(
                _("Your phone number for %(site_name)s stays the same"),
                _("Codes for your account at %(site_name)s still go to your current number."),
            ),
        }
    )
    second_step.register(
        second_step.Challenge(
            KIND.name,
            KIND.label,
            "ostiary_mfa:sms_challenge",
            offered_to=_offered_to,
            order=60,
            yields_to=BETTER,
        )
    )
