"""What a person has connected: the applications that act for them, what each may do, and where.

Read from consents and live grants alone: that a token was used is written where it is redeemed or
refreshed anyway, and nowhere for this page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from ostiary import sessions
from ostiary.models import Session

from . import apis, families, scopes
from .models import Client, ClientSession, Consent, Grant

Permissions = tuple[list[tuple[str, str]], list[tuple[str, str]]]


@dataclass
class Connected:
    """One application; ``since`` and ``last_used`` are ``None`` where nothing tells."""

    client: Client
    allowed: dict[str, set[str]] = field(default_factory=dict)
    """The scopes by audience: ``""`` for this server, else resources, separated by spaces."""
    since: datetime | None = None
    last_used: datetime | None = None
    sids: set[Any] = field(default_factory=set)
    places: list[Session] = field(default_factory=list)
    """The live sessions in which it is used."""
    offline: bool = False
    """Whether it stays connected without a session."""

    def add(self, audience: str, names: Iterable[str], since: datetime) -> None:
        """It may do this too, since then."""
        self.allowed.setdefault(audience, set()).update(names)
        self.since = min(self.since or since, since)

    def used(self, *moments: datetime | None) -> None:
        """It did something at each of these moments."""
        known = [moment for moment in (self.last_used, *moments) if moment is not None]
        self.last_used = max(known, default=None)

    def permissions(self) -> list[Permissions]:
        """What it may do, see :func:`permissions`."""
        return permissions(self.allowed)


def permissions(allowed: Mapping[str, set[str]]) -> list[Permissions]:
    """What an application may do with the account, then at each audience: its resources, as
    identifier and name, and the scopes with their words. ``allowed`` is as in `Connected`."""
    account, others = set(allowed.get("", ())), {}
    for audience, names in allowed.items():
        if audience:
            account |= names & scopes.STANDARD.keys()
            others[audience] = names - scopes.STANDARD.keys()
    own = [name for name in scopes.STANDARD if name in account]
    own += sorted(account.difference(own))
    return [
        ([], scopes.described(own, [])),
        *(
            (
                [(uri, apis.name(uri)) for uri in audience.split()],
                scopes.described(sorted(names), audience.split()),
            )
            for audience, names in sorted(others.items())
        ),
    ]


def _live_grants(user: Any) -> Any:
    return Grant.objects.filter(
        ~families.ended(), user=user, redeemed_at__isnull=False, revoked_at__isnull=True
    )


def clients_of(user: Any) -> Any:
    """The clients that the person has allowed something, or that hold something of theirs."""
    return Client.objects.filter(
        Q(pk__in=Consent.objects.filter(user=user).values("client"))
        | Q(pk__in=_live_grants(user).values("application"))
        | Q(pk__in=ClientSession.objects.filter(user=user, ended_at=None).values("client"))
    )


def applications(user: Any) -> list[Connected]:
    """Everything that ``user`` has connected, by name (five SQL statements)."""
    found = {client.pk: Connected(client) for client in clients_of(user)}
    for consent in Consent.objects.filter(user=user, client__in=found):
        found[consent.client_id].add(consent.audience, consent.scopes, consent.granted_at)
    grants = _live_grants(user).filter(application__in=found)
    for grant in grants.annotate(refreshed_at=F("refresh_token__updated")):
        one = found[grant.application_id]
        if one.client.first_party:  # of the others, the consents say what they may do
            one.add(" ".join(grant.resource), grant.scope.split(), grant.created)
        one.used(grant.redeemed_at, grant.refreshed_at)
        one.sids.add(grant.sid)
        one.offline |= grant.offline
    for session in ClientSession.objects.filter(user=user, ended_at=None, client__in=found):
        found[session.client_id].used(session.created_at)
        found[session.client_id].sids.add(session.sid)
    now = timezone.now()
    for place in Session.objects.filter(user=user, ended_at=None).order_by("-last_seen_at"):
        if now < min(sessions.limits_of(place)):
            for one in found.values():
                if place.pk in one.sids:
                    one.places.append(place)
    return sorted(found.values(), key=lambda one: str(one.client).casefold())
