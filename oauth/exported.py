"""What applications hold of a person, told to them: what each may do, where it is used, and which
are the person's own. No token, code or secret, nor a hash of one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ostiary.export_masks import Mask

from . import claims
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

BATCH = 500


def export(user: Any) -> dict[str, Any]:
    """Everything, what may be much as iterators."""
    return {
        "allowed_applications": _consents(user),
        "authorizations": _grants(user),
        "tokens": _tokens(user),
        "sessions_at_applications": _sessions(user),
        "connected_devices": _devices(user),
        "own_applications": _own(user),
    }


def _application(client: Client) -> dict[str, str]:
    return {"application": str(client), "client_id": client.client_id}


def _consents(user: Any) -> Iterator[dict[str, Any]]:
    for consent in Consent.objects.filter(user=user).select_related("client").order_by("pk"):
        yield {
            **_application(consent.client),
            "known_there_as": claims.subject_for(user, consent.client),
            "audience": consent.audience,
            "scopes": consent.scopes,
            "granted_at": consent.granted_at,
            "updated_at": consent.updated_at,
        }


def _grants(user: Any) -> Iterator[dict[str, Any]]:
    rows = Grant.objects.filter(user=user).select_related("application").order_by("pk")
    for grant in rows.iterator(BATCH):
        yield {
            **_application(grant.application),
            "scopes": grant.scope.split(),
            "audience": grant.resource,
            "session": grant.sid,
            "authenticated_at": _moment(grant.auth_time),
            "authentication_methods": grant.amr,
            "assurance": grant.acr,
            "claims_asked_for": _said(grant.claims),
            "without_a_session": grant.offline,
            "made_at": grant.created,
            "used_at": grant.redeemed_at,
            "ends_at": grant.ends_at,
            "revoked_at": grant.revoked_at,
            "reason": grant.revoked_reason,
        }


def _moment(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _said(claims: str) -> Any:
    """The ``claims`` parameter (OIDC Core §5.5), which is JSON or nothing."""
    try:
        return json.loads(claims) if claims else None
    except ValueError:
        return claims


def _tokens(user: Any) -> Iterator[dict[str, Any]]:
    of_theirs = Q(user=user) | Q(grant__user=user)
    refresh = RefreshToken.objects.filter(of_theirs).select_related("application").order_by("pk")
    for token in refresh.iterator(BATCH):
        yield {
            "kind": "refresh_token",
            **_application(token.application),
            "times_used": token.generation,
            "made_at": token.created,
            "last_used_at": token.updated,
            "ends_at": token.expires_at,
        }
    access = AccessToken.objects.filter(of_theirs).select_related("application").order_by("pk")
    for token in access.iterator(BATCH):
        yield {
            "kind": "access_token",
            **_application(token.application),
            "scopes": token.scope.split(),
            "claims": token.claims,
            "made_at": token.created,
            "ends_at": token.expires,
        }
    ids = IDToken.objects.filter(user=user).select_related("application").order_by("pk")
    for token in ids.iterator(BATCH):
        yield {
            "kind": "id_token",
            **_application(token.application),
            "scopes": token.scope.split(),
            "made_at": token.created,
            "ends_at": token.expires,
        }


def _sessions(user: Any) -> Iterator[dict[str, Any]]:
    rows = ClientSession.objects.filter(user=user).select_related("client").order_by("pk")
    for session in rows.iterator(BATCH):
        yield {
            **_application(session.client),
            "session": session.sid,
            "known_there_as": session.subject,
            "signed_in_at": session.created_at,
            "ended_at": session.ended_at,
            "told_at": session.told_at,
        }


def _devices(user: Any) -> Iterator[dict[str, Any]]:
    of_theirs = Q(user=user) | Q(grant__user=user)
    rows = DeviceGrant.objects.filter(of_theirs).select_related("application").order_by("pk")
    for device in rows.iterator(BATCH):
        yield {
            **_application(device.application),
            "address": device.ip_address,
            "scopes": device.scope.split(),
            "state": device.status,
            "ends_at": device.expires,
        }


def _own(user: Any) -> Iterator[dict[str, Any]]:
    mask = Mask(user)
    for client in Client.objects.filter(user=user).order_by("pk"):
        yield {
            **_application(client),
            "contacts": mask(client.contacts),
            "redirect_uris": client.redirect_uris.split(),
            "registered_by": client.registration_source,
            "made_at": client.created,
        }


LABELS = {
    "allowed_applications": _("Connected applications"),
    "authorizations": _("Access given to applications"),
    "tokens": _("Tokens of applications"),
    "sessions_at_applications": _("Sign-ins to applications"),
    "connected_devices": _("Connected devices"),
    "own_applications": _("Your own applications"),
    "application": _("Application"),
    "assurance": _("Assurance level"),
    "audience": _("Audience"),
    "claims": _("Claims"),
    "claims_asked_for": _("Claims requested"),
    "contacts": _("Contacts"),
    "ends_at": _("Expires"),
    "granted_at": _("Allowed"),
    "known_there_as": _("Your ID there"),
    "redirect_uris": _("Redirect URIs"),
    "registered_by": _("Registered by"),
    "revoked_at": _("Revoked"),
    "scopes": _("Permissions"),
    "session": _("Session"),
    "times_used": _("Times used"),
    "told_at": _("Notified of the sign-out"),
    "updated_at": _("Changed"),
    "used_at": _("Used"),
    "without_a_session": _("Keeps access when you sign out"),
}
