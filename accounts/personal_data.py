"""What is kept of a person beside their account: told to them, and erased with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ostiary import all_addresses, events
from ostiary.email_addresses import has_address

from . import countries
from .addresses import email_of
from .models import (
    FactorRecovery,
    ImportedIdentity,
    Invitation,
    MailedCode,
    MailedLink,
    NotMeLink,
    PendingRegistration,
    ProfilePicture,
    RecoveryToken,
    SupportCase,
    TermsAcceptance,
)


def export(user: Any) -> dict[str, Any]:
    """Their picture, the terms they accepted, the invitations they were sent, where they came from,
    the help that they had from operators, and what waits for their address.

    Links and codes aren't told, nor what somebody else typed with the address.
    """
    return {
        "profile_picture": [
            {
                "image": bytes(kept.image),
                "content_type": kept.content_type,
                "uploaded_at": kept.uploaded_at,
                "replaces": kept.replaces,
            }
            for kept in ProfilePicture.objects.filter(user=user)
        ],
        "terms_accepted": [
            {"version": kept.version, "accepted_at": kept.accepted_at}
            for kept in TermsAcceptance.objects.filter(user=user).order_by("accepted_at")
        ],
        "invitations": [
            {
                "email": invitation.email,
                "name": invitation.name,
                "message": invitation.message,
                "sent_at": invitation.sent_at,
                "accepted_at": invitation.accepted_at,
            }
            for invitation in _invitations(user).order_by("id")
        ],
        "imported_from": [
            {
                "source": identity.source,
                "external_id": identity.external_id,
                "imported_at": identity.imported_at,
            }
            for identity in ImportedIdentity.objects.filter(user=user).order_by("id")
        ],
        "recoveries_by_operators": [
            {
                "opened_at": case.opened_at,
                "state": case.state,
                "new_email": case.email,
                "removes_second_steps": case.resets_factors,
            }
            for case in SupportCase.objects.filter(user=user).order_by("id")
        ],
        "mailed_links": [*_links(user)],
        "mailed_codes": [
            {"purpose": code.purpose, "email": code.address, **_times(code)}
            for code in MailedCode.objects.filter(has_address("address", [email_of(user)]))
        ],
        "sign_ups_with_your_address": [
            {"email": asked.email, **_times(asked)}
            for asked in PendingRegistration.objects.filter(has_address("email", [email_of(user)]))
        ],
    }


def _links(user: Any) -> Iterator[dict[str, Any]]:
    """What was mailed to them and works once; not by what."""
    for link in MailedLink.objects.filter(user=user).order_by("pk"):
        yield {"purpose": link.purpose, "email": link.email, **_times(link)}
    for token in RecoveryToken.objects.filter(user=user):
        leads_to = {"leads_to": token.next_url} if token.next_url else {}
        yield {"purpose": "recover", **leads_to, **_times(token)}
    for stop in NotMeLink.objects.filter(user=user).order_by("pk"):
        yield {"purpose": "not_me", "notice": stop.notice, "expires_at": stop.expires_at}
    for recovery in FactorRecovery.objects.filter(user=user):
        yield {
            "purpose": "recovery_without_second_step",
            "made_at": recovery.begun_at,
            "expires_at": recovery.expires_at,
        }


def _times(row: Any) -> dict[str, Any]:
    return {"made_at": row.created_at, "expires_at": row.expires_at}


def erase(user: Any) -> dict[str, int]:
    """Forget the same, and sign-ups, codes and links that wait for the person's address.

    Returns how many rows of what.
    """
    addresses = all_addresses.of(user)
    own = (
        *(TermsAcceptance, MailedLink, NotMeLink, RecoveryToken, FactorRecovery),
        *(ImportedIdentity, ProfilePicture, SupportCase),
    )
    return {
        **{
            model._meta.label: model._default_manager.filter(user=user).delete()[0] for model in own
        },
        Invitation._meta.label: Invitation.objects.filter(
            Q(accepted_by=user) | has_address("email", addresses)
        ).delete()[0],
        MailedCode._meta.label: MailedCode.objects.filter(
            has_address("address", [*addresses, user.get_username()])
        ).delete()[0],
        PendingRegistration._meta.label: PendingRegistration.objects.filter(
            has_address("email", addresses)
        ).delete()[0],
    }


def further_addresses(user: Any) -> list[str]:
    """Addresses that were the person's, as the log still knows, and that were to become theirs."""
    changes = events.of(user).filter(kind__in=["email.changed", "email.change_undone"])
    told = map(events.personal_details, changes)
    links = MailedLink.objects.filter(user=user).values_list("email", flat=True)
    cases = SupportCase.objects.filter(user=user).values_list("email", flat=True)
    return [
        *(str(each.get(name, "")) for each in told for name in ("before", "after")),
        *links,
        *cases,
    ]


def _invitations(user: Any) -> Any:
    own = has_address("email", [email_of(user)])
    return Invitation.objects.filter(Q(accepted_by=user) | own)


LABELS = {
    "profile_picture": _("Profile picture"),
    "terms_accepted": _("Accepted terms"),
    "invitations": _("Invitations"),
    "imported_from": _("Imported from"),
    "recoveries_by_operators": _("Recoveries by administrators"),
    "mailed_links": _("Links sent to you by email"),
    "mailed_codes": _("Codes sent to you by email"),
    "sign_ups_with_your_address": _("Sign-ups with your email address"),
    "accepted_at": _("Accepted"),
    "content_type": _("Format"),
    "expires_at": _("Expires"),
    "external_id": _("ID there"),
    "image": _("Picture"),
    "imported_at": _("Imported"),
    "leads_to": _("Leads to"),
    "message": _("Message"),
    "new_email": _("New email address"),
    "notice": _("Message"),
    "opened_at": _("Opened"),
    "purpose": _("Purpose"),
    "replaces": _("Replaces"),
    "removes_second_steps": _("Removes two-step verification"),
    "sent_at": _("Sent"),
    "source": _("From"),
    "uploaded_at": _("Uploaded"),
    "version": _("Version"),
}

WORDS = {
    "country": lambda value: countries.name_of(value, get_language() or countries.ENGLISH),
}
