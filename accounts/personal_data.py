"""What is kept of a person beside their account: told to them, and erased with them."""

from __future__ import annotations

import functools
from typing import Any

from django.db.models import Q

from ostiary import all_addresses, events

from .addresses import email_of
from .models import (
    FactorRecovery,
    ImportedIdentity,
    Invitation,
    MailedCode,
    MailedLink,
    NotMeLink,
    PendingRegistration,
    RecoveryToken,
    SupportCase,
    TermsAcceptance,
)


def export(user: Any) -> dict[str, Any]:
    """The terms they accepted, the invitations they were sent, where they came from, and the help
    that they had from operators."""
    return {
        "terms_accepted": [
            {"version": kept.version, "accepted_at": kept.accepted_at.isoformat()}
            for kept in TermsAcceptance.objects.filter(user=user).order_by("accepted_at")
        ],
        "invitations": [
            {
                "email": invitation.email,
                "name": invitation.name,
                "message": invitation.message,
                "sent_at": invitation.sent_at.isoformat(),
                "accepted_at": invitation.accepted_at and invitation.accepted_at.isoformat(),
            }
            for invitation in _invitations(user).order_by("id")
        ],
        "imported_from": [
            {
                "source": identity.source,
                "external_id": identity.external_id,
                "imported_at": identity.imported_at.isoformat(),
            }
            for identity in ImportedIdentity.objects.filter(user=user).order_by("id")
        ],
        "recoveries_by_operators": [
            {
                "opened_at": case.opened_at.isoformat(),
                "state": case.state,
                "new_email": case.email,
                "removes_second_steps": case.resets_factors,
            }
            for case in SupportCase.objects.filter(user=user).order_by("id")
        ],
    }


def erase(user: Any) -> dict[str, int]:
    """Forget the same, and sign-ups, codes and links that wait for the person's address.

    Returns how many rows of what.
    """
    addresses = all_addresses.of(user)
    own = (
        *(TermsAcceptance, MailedLink, NotMeLink, RecoveryToken, FactorRecovery),
        *(ImportedIdentity, SupportCase),
    )
    return {
        **{
            model._meta.label: model._default_manager.filter(user=user).delete()[0] for model in own
        },
        Invitation._meta.label: Invitation.objects.filter(
            Q(accepted_by=user) | _any_of("email", addresses)
        ).delete()[0],
        MailedCode._meta.label: MailedCode.objects.filter(
            _any_of("address", [*addresses, user.get_username()])
        ).delete()[0],
        PendingRegistration._meta.label: PendingRegistration.objects.filter(
            _any_of("email", addresses)
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


def _any_of(field: str, addresses: list[str]) -> Q:
    none = Q(pk__in=[])
    return functools.reduce(Q.__or__, (Q(**{f"{field}__iexact": each}) for each in addresses), none)


def _invitations(user: Any) -> Any:
    return Invitation.objects.filter(Q(accepted_by=user) | Q(email__iexact=email_of(user)))
