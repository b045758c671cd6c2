"""Token families: what one grant issued, and how all of it ends at once."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import (
    CharField,
    DateTimeField,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
)
from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from ostiary import events, prepared, sessions
from ostiary.prepared import Parameter

from . import blocklist, client_sessions
from .confirmation import Confirmation
from .models import AccessToken, Client, Grant, RefreshToken
from .models.grant import token_hash

SELECTOR_LENGTH = 22
_REFRESH_TOKEN = re.compile(r"[A-Za-z0-9_-]{65}")


def credential_hash(user: Any) -> str:
    """What changes when the person's password does, and only then; the same for every user model
    without one.

    It is the hash of a salted hash, and so no help in guessing; Django's session hash would end
    every family with each new ``SECRET_KEY``.
    """
    return hashlib.sha256(str(getattr(user, "password", "")).encode()).hexdigest()


def _has_same_credentials(grant: Grant) -> bool:
    return hmac.compare_digest(grant.credential_hash, credential_hash(grant.user))


def check_person(grant: Grant) -> None:
    """Raise ``InvalidGrantError`` unless the person may still use what ``grant`` gave.

    They must be active, with the password they had, and, without offline access, still be in the
    session in which they consented (SECURITY B3). That session counts as used by this.
    """
    user = grant.user
    if not user.is_active or not _has_same_credentials(grant):
        raise InvalidGrantError(description="The authorization has ended.")
    if not grant.offline and grant.sid:
        session = sessions.live_session(str(grant.sid))
        if session is None:
            raise InvalidGrantError(description="The session has ended.")
        sessions.touch(session)


_redeem = prepared.Update(
    Grant,
    lambda: Grant.objects.filter(
        pk=Parameter("pk", UUIDField()), redeemed_at__isnull=True, revoked_at__isnull=True
    ),
    {
        "redeemed_at": Parameter("now", DateTimeField()),
        "ends_at": Parameter("ends_at", DateTimeField()),
    },
)


_insert = prepared.Insert(RefreshToken)
_redeem_and_start = prepared.UpdateThenInsert(_redeem, _insert)


def redeem(grant: Grant, client: Client, confirmation: Confirmation) -> tuple[bool, str | None]:
    """Consume what was issued for ``grant`` and start its family.

    Whether this request was the one to do so (one conditional UPDATE decides), and the first
    refresh token, if there is to be one.
    """
    wants_refresh = client.may_use("refresh_token")
    # An access token made by the last possible refresh is still good for its own lifetime.
    lifetime = client.access_token_lifetime + (
        client.refresh_token_lifetime if wants_refresh else 0
    )
    now = timezone.now()
    change = {"pk": grant.pk, "now": now, "ends_at": now + timedelta(seconds=lifetime)}
    row, token = _first_token(grant, client, confirmation) if wants_refresh else (None, None)
    told = client_sessions.wants_to_hear(grant, client)
    with transaction.atomic() if told else nullcontext():
        live = told and client_sessions.hold(grant)
        won = _redeem_and_start.run(row, **change) if row else bool(_redeem.run(**change))
        if won and told:
            client_sessions.remember(grant, client, live=live)
    return won, token if won else None


def _enabled(parameter: str) -> QuerySet[Client]:
    found: QuerySet[Client] = Client.objects.filter(
        client_id=Parameter(parameter, CharField()), enabled=True
    )
    return found


def _named(*columns: str) -> QuerySet[Grant]:
    """The grant that a token names, while its holder is enabled; with ``columns``, only those."""
    found: QuerySet[Grant] = Grant.objects.select_related("user", "application").filter(
        Exists(_enabled("holder")), pk=Parameter("pk", UUIDField())
    )
    return found.only(*columns) if columns else found


def _columns_of_person() -> tuple[str, ...]:
    """What ``is_alive`` asks of a person, and how they sign in; of a user model that keeps it
    otherwise, everything."""
    kept = {field.name for field in get_user_model()._meta.concrete_fields}
    asked = ("is_active", "password", get_user_model().USERNAME_FIELD)
    return tuple(f"user__{name}" for name in asked) if kept.issuperset(asked) else ()


_OF_GRANT = ("revoked_at", "credential_hash", "user", "application")
_OF_CLIENT = ("client_id", "enabled", "subject_type", "redirect_uris", "scopes", "metadata")

_with_holder = prepared.Select(Grant, _named)
_standing = prepared.Select(
    Grant, lambda: _named(*_OF_GRANT, "application__enabled", *_columns_of_person())
)
_for_userinfo = prepared.Select(
    Grant, lambda: _named(*_OF_GRANT, "claims", *(f"application__{name}" for name in _OF_CLIENT))
)
_both_enabled = prepared.Select(
    Client, lambda: _enabled("client").filter(Exists(_enabled("holder"))).only("pk")
)


def find_alive(claims: Mapping[str, Any]) -> Grant | None:
    """The grant that an access token names, if it still stands, and the client that the token was
    issued to, which is another after an exchange, does too (one SQL statement)."""
    return _alive(_with_holder, claims)


def find_to_tell(claims: Mapping[str, Any]) -> Grant | None:
    """The same, with what UserInfo tells and no other column of the grant and its client, which
    would be read when it is asked for."""
    return _alive(_for_userinfo, claims)


def find_standing(claims: Mapping[str, Any]) -> Grant | None:
    """The same, with what tells whether it stands and how the person signs in, and no other column
    of the grant, its client and its person."""
    return _alive(_standing, claims)


def stands(claims: Mapping[str, Any]) -> bool:
    """Whether the grant of an access token stands, or, of a client's own, the client and whoever
    has got it by an exchange (one SQL statement)."""
    if "gid" in claims:
        return find_standing(claims) is not None
    return _both_enabled.first(client=claims["sub"], holder=claims["client_id"]) is not None


def _alive(found_by: prepared.Select[Grant], claims: Mapping[str, Any]) -> Grant | None:
    try:
        pk = uuid.UUID(str(claims.get("gid")))
    except ValueError:
        return None
    grant = found_by.first(pk=pk, holder=claims["client_id"])
    return grant if grant is not None and is_alive(grant) else None


def is_alive(grant: Grant) -> bool:
    """Whether tokens of this grant are still honoured by this server (no statement of its own)."""
    return (
        grant.revoked_at is None
        and bool(grant.user.is_active)
        and bool(grant.application.enabled)
        and _has_same_credentials(grant)
    )


# --- ending ------------------------------------------------------------------------------------


def revoke(grants: Q, reason: str) -> int:
    """Revoke every live grant that ``grants`` selects, with the tokens of theirs that the blocklist
    knows; returns how many. One SQL statement where there are none, two where no token is
    known, however many there are."""
    now = timezone.now()
    with transaction.atomic(savepoint=False):
        count = Grant.objects.filter(grants, revoked_at__isnull=True).update(
            revoked_at=now, revoked_reason=reason
        )
        if count:
            ended = Grant.objects.filter(grants, revoked_at=now)
            blocklist.revoke(Q(grant_key__in=ended.values("pk")))
    return int(count)


def revoke_all_of(client: Client, reason: str) -> int:
    """Revoke all that a client was given, its own tokens too; returns how many grants there
    were."""
    with transaction.atomic():
        count = revoke(Q(application=client), reason)
        blocklist.revoke(Q(client_key=client.pk))
        AccessToken.objects.filter(application=client).delete()
    return count


def revoke_reused(grant: Grant, what: str) -> None:
    """A code or refresh token came back after it was used: end the family, and tell (RFC 9700)."""
    if revoke(Q(pk=grant.pk), "reuse"):
        events.record(
            "token.reuse_detected",
            user=grant.user,
            client_id=grant.application.client_id,
            outcome="failure",
            details={"token": what, "grant": str(grant.pk)},
        )


def ended() -> Q:
    """Selects the grants of which nothing can be valid any more."""
    return Q(ends_at__lt=timezone.now())


# --- refresh tokens ----------------------------------------------------------------------------


def is_well_formed(token: str) -> bool:
    """Whether ``token`` could be a refresh token of ours."""
    return _REFRESH_TOKEN.fullmatch(token) is not None


def selector_of(token: str) -> str:
    """The hash by which the row of a refresh token is found."""
    return token_hash(token[:SELECTOR_LENGTH])


def _idle_end(client: Client, absolute_end: datetime) -> datetime:
    idle = timezone.now() + timedelta(seconds=client.refresh_token_idle_lifetime)
    return min(idle, absolute_end)


def _first_token(
    grant: Grant, client: Client, confirmation: Confirmation
) -> tuple[RefreshToken, str]:
    """The first refresh token of a family: its row, which is to be written, and the token.

    That of a public client is bound to the key it has shown; a confidential one authenticates
    with each use (RFC 9449 §5).
    """
    selector, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    expires_at = timezone.now() + timedelta(seconds=client.refresh_token_lifetime)
    row = prepared.new(
        RefreshToken,
        user_id=grant.user_id,
        application_id=client.pk,
        grant_id=grant.pk,
        selector_hash=token_hash(selector),
        token_checksum=token_hash(selector + verifier),
        confirmation=dict(confirmation) if client.is_public else {},
        idle_expires_at=_idle_end(client, expires_at),
        expires_at=expires_at,
    )
    return row, selector + verifier


def successor_of(token: str) -> str:
    """A new refresh token of the same family."""
    return token[:SELECTOR_LENGTH] + secrets.token_urlsafe(32)


def _current_of_live_family(pk: Any, checksum: Any) -> QuerySet[RefreshToken]:
    # EXISTS and no join: Django would turn a join into `id IN (SELECT …)`, which a request that
    # waited for the row's lock has answered before the other one changed the row.
    alive = Grant.objects.filter(pk=OuterRef("grant"), revoked_at__isnull=True)
    found: QuerySet[RefreshToken] = RefreshToken.objects.filter(
        Exists(alive), pk=pk, token_checksum=checksum
    )
    return found


_rotate = prepared.Update(
    RefreshToken,
    lambda: _current_of_live_family(
        Parameter("pk", UUIDField()), Parameter("checksum", CharField())
    ),
    {
        "token_checksum": Parameter("token_checksum", CharField()),
        "generation": Parameter("generation", IntegerField()),
        "idle_expires_at": Parameter("idle_expires_at", DateTimeField()),
        "updated": Parameter("updated", DateTimeField()),
    },
)


def rotate(row: RefreshToken, token: str, successor: str, client: Client, **more: Any) -> bool:
    """Replace ``token`` by its successor, and set the columns ``more`` with it; ``False`` if
    another request was first, or the family ended meanwhile. One conditional UPDATE decides
    (SECURITY B2).
    """
    changes = {
        "token_checksum": token_hash(successor),
        "generation": row.generation + 1,
        "idle_expires_at": _idle_end(client, row.expires_at),
        "updated": timezone.now(),
    }
    if more:
        current = _current_of_live_family(row.pk, token_hash(token))
        return bool(current.update(**changes, **more))
    return bool(_rotate.run(pk=row.pk, checksum=token_hash(token), **changes))
