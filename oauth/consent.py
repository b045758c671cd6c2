"""Consent: remembered per person, client, audience and scope set (SECURITY A7)."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import CharField, Q, UUIDField
from django.http import HttpRequest

from ostiary import events, prepared
from ostiary.prepared import Parameter

from . import client_sessions, families
from .models import Client, Consent


def audience_of(resource: Sequence[str]) -> str:
    """The audience under which a consent is kept."""
    return " ".join(sorted(resource))


@functools.cache
def _of_person() -> prepared.Select[Consent]:
    key = Consent._meta.get_field("user").target_field  # of whatever user model the project has
    return prepared.Select(
        Consent,
        lambda: Consent.objects.filter(
            user=Parameter("user", key),
            client=Parameter("client", UUIDField()),
            audience=Parameter("audience", CharField()),
        ).only("scopes"),
    )


def consented(user: Any, client: Client, resource: Sequence[str]) -> set[str]:
    """The scopes that the person has allowed this client for this audience."""
    found = _of_person().first(user=user.pk, client=client.pk, audience=audience_of(resource))
    return set(found.scopes) if found else set()


def remember(
    request: HttpRequest, client: Client, scopes: Sequence[str], resource: Sequence[str]
) -> None:
    """Add what the signed-in person has just allowed."""
    person: Any = request.user
    with transaction.atomic():
        if client.unused_expires_at:  # from now on it is used
            Client.objects.filter(pk=client.pk).update(unused_expires_at=None)
        consent, _ = Consent.objects.select_for_update().get_or_create(
            user=person, client=client, audience=audience_of(resource)
        )
        consent.scopes = sorted({*consent.scopes, *scopes})
        consent.save(update_fields=["scopes", "updated_at"])
        events.record(
            "consent.granted",
            user=request.user,
            request=request,
            client_id=client.client_id,
            details={"scopes": list(scopes), "audience": list(resource)},
        )


def withdraw(user: Any, client: Client, request: HttpRequest | None = None) -> None:
    """Forget every consent of the person for this client, end what it was given, and tell it that
    their sessions there are over (B3, B13)."""
    with transaction.atomic():
        Consent.objects.filter(user=user, client=client).delete()
        families.revoke(Q(user=user, application=client), "consent_withdrawn")
        client_sessions.end(Q(user=user, client=client))
        events.record("consent.withdrawn", user=user, request=request, client_id=client.client_id)
