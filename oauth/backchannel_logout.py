"""Telling clients, server to server, that a session has ended (OIDC Back-Channel Logout 1.0).

Each client of the session gets a message of the outbox, written in the transaction that ends the
session and tried again for about two days (``OUTBOX_MAX_ATTEMPTS``).
"""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from ostiary import outbox

from . import claims, client_jwt, id_token
from .client_push import NotDeliveredError, described, push
from .issuer import issuer
from .models import ClientSession
from .safe_fetch import Answer, FetchError

KIND = "oauth.backchannel_logout"
TYP = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_SECONDS = 120
"""How long a logout token is good: each attempt makes its own (§2.4)."""
TAKEN = (200, 204)


def logout_token(session: ClientSession) -> str:
    """A logout token (§2.4): ``sid`` and ``sub`` both, as the client's ID tokens said them, signed
    and encrypted as those are. Raises ``client_jwt.NoKeyError``."""
    now = int(time.time())
    about = {
        "iss": issuer(),
        "aud": session.client.client_id,
        "sub": session.subject,
        "sid": claims.sid_for(session.sid, session.client),
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "jti": secrets.token_urlsafe(16),
        "events": {EVENT: {}},
    }
    alg = id_token.signing_alg(session.client)
    return client_jwt.issue(session.client, "id_token", about, alg=alg, typ=TYP)


@outbox.handler(KIND, queue=outbox.Queue.BULK)
def deliver(payload: dict[str, Any], key: str) -> None:
    """Tell one client about one session (§2.5). A repeat of what has been told tells nothing.

    Raises ``PermanentFailure`` for a client that refuses the token as such (§2.8), and, to be tried
    again, ``FetchError``, ``NotDeliveredError`` and ``client_jwt.NoKeyError``.
    """
    session = (
        ClientSession.objects.select_related("client")
        .filter(pk=payload["client_session"], told_at__isnull=True)
        .first()
    )
    address = session.client.registered("backchannel_logout_uri") if session else ""
    if session is None or not address:
        return  # the client is gone, or doesn't want to hear it any more
    try:
        push(
            address,
            urlencode({"logout_token": logout_token(session)}),
            {"Content-Type": "application/x-www-form-urlencoded"},
            taken=TAKEN,
            refusal=_refusal,
        )
    except (
        FetchError,
        NotDeliveredError,
        outbox.PermanentFailure,
        client_jwt.NoKeyError,
    ) as error:
        _note_failure(session, str(error))
        raise
    told = ClientSession.objects.filter(pk=session.pk)
    with transaction.atomic():
        told.update(told_at=timezone.now(), failing_since=None, last_error="")
        # Of someone who was erased this was all that was left.
        told.filter(user__isnull=True).delete()


def _refusal(answer: Answer) -> str:
    """The client takes the token for none (§2.8)."""
    return described(answer) if answer.status == 400 else ""


def _note_failure(session: ClientSession, reason: str) -> None:
    ClientSession.objects.filter(pk=session.pk).update(
        failing_since=Coalesce("failing_since", Value(timezone.now())), last_error=reason[:300]
    )
