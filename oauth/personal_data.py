"""What applications hold of a person: ended, told to them, and erased with the person."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from ostiary import all_addresses, events
from ostiary.email_addresses import canonical
from ostiary.models import OutboxMessage

from . import client_sessions, families, risc
from .models import (
    AccessToken,
    Client,
    ClientSession,
    Consent,
    DeviceGrant,
    Grant,
    IDToken,
    RefreshToken,
)


def erase(user: Any) -> dict[str, int]:
    """End every token at once and tell the applications, then forget what they were given.

    What an application is still to be told stays until it has been told, or that was given up: the
    session's name and the person's, as that application knows them. Returns how many rows of what.
    """
    risc.account_purged(user)
    families.revoke(Q(user=user), "erased")
    client_sessions.end(Q(user=user))
    erased = _forget_own_clients(user)
    # Not by a join: each half of the OR has an index of its own.
    of_theirs = Q(user=user) | Q(grant__in=list(Grant.objects.filter(user=user)))
    for rows in (
        AccessToken.objects.filter(of_theirs),
        RefreshToken.objects.filter(of_theirs),
        DeviceGrant.objects.filter(of_theirs),
        IDToken.objects.filter(user=user),
        Grant.objects.filter(user=user),
        Consent.objects.filter(user=user),
    ):
        _add(erased, {rows.model._meta.label: 0, **rows.delete()[1]})
    told = ClientSession.objects.filter(user=user)
    waiting = told.filter(told_at=None, message__state=OutboxMessage.State.PENDING)
    waiting.update(user=None)
    _add(erased, told.delete()[1])
    return erased


def _forget_own_clients(user: Any) -> dict[str, int]:
    """The applications that they made for themselves go, with all that people gave them; those
    that others look after stay, and don't name the person any more."""
    erased: dict[str, int] = {}
    own = Client.objects.filter(user=user)
    self_made = Client.RegistrationSource.SELF_SERVICE
    for client in own.filter(registration_source=self_made):
        families.revoke_all_of(client, "client_deleted")
        events.record("client.deleted", client_id=client.client_id, details={"by": "erasure"})
        _add(erased, client.delete()[1])
    addresses = {canonical(address) for address in all_addresses.of(user)}
    for client in own:
        client.contacts = [each for each in client.contacts if canonical(each) not in addresses]
        client.user = None
        client.save(update_fields=["contacts", "user", "updated"])
    return erased


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for label, count in more.items():
        counts[label] = counts.get(label, 0) + count
