"""Invitations: an operator asks someone by mail to make an account, whatever the policy says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone, translation

from ostiary import events, mail

from .links import link_to, new_token, token_hash
from .models import Invitation
from .registration import make_account

LONGEST_DAYS = 7
"""The link of an invitation works for so many days at most."""
OPEN = Q(accepted_at__isnull=True, revoked_at__isnull=True)


def send(request: HttpRequest, invitation: Invitation, days: int = LONGEST_DAYS) -> None:
    """Mail the invitation, for the first time or once more.

    The link is a new one, which works for ``days``; one that was mailed before is dead.
    """
    operator: Any = request.user
    token = new_token()
    invitation.token_hash = token_hash(token)
    invitation.sent_at = timezone.now()
    invitation.expires_at = invitation.sent_at + timedelta(days=days)
    if invitation._state.adding:
        invitation.invited_by = operator
        invitation.language = translation.get_language() or ""
    with transaction.atomic():
        invitation.save()
        mail.send_email(
            invitation.email,
            "ostiary_accounts/mail/invitation",
            {
                "link": link_to("ostiary_accounts:invitation", token),
                "name": invitation.name,
                "message": invitation.message,
                "expires_at": invitation.expires_at,
            },
            language=invitation.language,
        )
        _record(request, "invitation.sent", invitation, {"days": days})


def may_be_sent(invitation: Invitation) -> bool:
    """Whether it was neither accepted nor withdrawn; an expired one can be sent again."""
    return invitation.accepted_at is None and invitation.revoked_at is None


def revoke(request: HttpRequest, invitation: Invitation) -> bool:
    """Withdraw it: its link is dead. ``False`` if it was accepted or withdrawn already."""
    with transaction.atomic():
        done = Invitation.objects.filter(OPEN, pk=invitation.pk).update(revoked_at=timezone.now())
        if done:
            _record(request, "invitation.revoked", invitation, {})
    return bool(done)


def _record(
    request: HttpRequest, kind: str, invitation: Invitation, details: dict[str, Any]
) -> None:
    events.record(
        kind,
        user=request.user,
        request=request,
        # Whom it invites is in its row: the log would tell it as long as it tells of the operator.
        details={"invitation": str(invitation.pk), **details},
    )


def _live() -> QuerySet[Invitation]:
    return Invitation.objects.filter(OPEN, expires_at__gt=timezone.now())


def pending(hashed_token: str) -> Invitation | None:
    """The invitation of a mailed link, unless it was used, withdrawn, sent again or has expired."""
    return _live().filter(token_hash=hashed_token).select_related("group").first()


def accept(
    request: HttpRequest,
    invitation: Invitation,
    *,
    name: str,
    password: str,
    terms_version: str = "",
) -> Any:
    """Make the account; ``None`` if the link has died, or the address got an account, meanwhile.

    One conditional UPDATE consumes the link: of two parallel clicks one makes the account. Who
    opened it reads the address's mail, so that is verified. ``terms_version`` is that of the terms
    which were shown and accepted, if any.
    """
    hashed = make_password(password)
    with transaction.atomic():
        taken = (
            _live()
            .filter(pk=invitation.pk, token_hash=invitation.token_hash)
            .update(accepted_at=timezone.now())
        )
        user = taken and make_account(
            request,
            email=invitation.email,
            name=name,
            password=hashed,
            terms_version=terms_version,
            accepted_at=timezone.now(),
            details={"invitation": str(invitation.pk)},
        )
        if not user:
            transaction.set_rollback(True)
            return None
        Invitation.objects.filter(pk=invitation.pk).update(accepted_by=user)
        if invitation.group is not None and hasattr(user, "groups"):
            user.groups.add(invitation.group)
    return user
