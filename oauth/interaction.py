"""What a person still has to do before an authorization request can be answered.

``needed`` is the policy, a pure function. A *return ticket* in the address to which the person
comes back remembers that they were asked already: it is signed, bound to the very request, and
says when that was and which authentication was current then, so that ``prompt=login`` means one
sign-in, not a loop, and a ticket that somebody else hands on does not stand for a sign-in made
before it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlencode

from django.core import signing
from django.http import QueryDict

from ostiary.assurance import Assurance

from .authorization_request import AuthorizationRequest
from .parameters import pairs
from .redirect_uri import asks_consent_every_time

PARAMETER = "interaction"
REFERENCE = "kept_request"
"""Where a request is too long for an address: what it is kept under (``carried_request``)."""
TICKET_SECONDS = 3600
"""As long as the link that confirms a new person's address."""


class Interaction(Enum):
    """Each with the error that ``prompt=none`` answers instead (OIDC Core §3.1.2.6)."""

    CREATE = "interaction_required"
    LOGIN = "login_required"
    SELECT_ACCOUNT = "account_selection_required"
    CONSENT = "consent_required"


@dataclass(frozen=True)
class Ticket:
    """What has been asked of the person in this request already.

    ``asked_at`` is when they were last asked, and ``begun_at`` when they first were, in seconds
    since 1970; 0 if they were not asked yet.
    """

    asked_at: int = 0
    begun_at: int = 0
    authentication_id: str = ""
    chosen_account: str = ""

    def has_authenticated_since(self, assurance: Assurance) -> bool:
        """Whether the person signed in again after we asked them to."""
        return (
            self.asked_at > 0
            and assurance.auth_time >= self.asked_at
            and assurance.authentication_id != self.authentication_id
        )


def _fingerprint(params: QueryDict) -> str:
    kept = sorted(pair for pair in pairs(params) if pair[0] not in (PARAMETER, REFERENCE))
    return hashlib.sha256(urlencode(kept).encode()).hexdigest()


def issue_ticket(
    params: QueryDict, assurance: Assurance | None, *, chosen_account: str = ""
) -> str:
    """A ticket for coming back to this request after an interaction."""
    now = int(time.time())
    return signing.dumps(
        {
            "request": _fingerprint(params),
            "asked_at": now,
            "begun_at": read_ticket(params).begun_at or now,
            "authentication_id": assurance.authentication_id if assurance else "",
            "chosen_account": chosen_account,
        },
        salt="ostiary.oauth.interaction",
    )


def read_ticket(params: QueryDict) -> Ticket:
    """The ticket in the address, an empty one if there is none for this request."""
    given = params.get(PARAMETER)
    if not given:
        return Ticket()
    try:
        stored = signing.loads(given, salt="ostiary.oauth.interaction", max_age=TICKET_SECONDS)
    except signing.BadSignature:
        return Ticket()
    if stored.pop("request") != _fingerprint(params):
        return Ticket()
    return Ticket(**stored)


def needed(
    asked: AuthorizationRequest,
    assurance: Assurance | None,
    ticket: Ticket,
    *,
    subject: str,
    hinted_other: bool,
    consented: Collection[str],
) -> Interaction | None:
    """What to ask of the person next, ``None`` when the request can be answered.

    ``subject`` is the signed-in person's ``sub``; ``hinted_other`` says that a ``login_hint`` or
    ``id_token_hint`` names someone else; ``consented`` are the scopes already allowed.
    """
    if "create" in asked.prompt and not ticket.asked_at:
        return Interaction.CREATE
    if assurance is None:
        return Interaction.LOGIN
    if _login_needed(asked, assurance, ticket, hinted_other):
        return Interaction.LOGIN
    chosen = ticket.chosen_account == subject or ticket.has_authenticated_since(assurance)
    # Who comes back from signing up as whom they were before may go on so: it is their choice.
    if asked.prompt & {"select_account", "create"} and not chosen:
        return Interaction.SELECT_ACCOUNT
    if _consent_needed(asked, consented):
        return Interaction.CONSENT
    return None


def _login_needed(
    asked: AuthorizationRequest, assurance: Assurance, ticket: Ticket, hinted_other: bool
) -> bool:
    if ticket.has_authenticated_since(assurance):
        return False
    too_old = asked.max_age is not None and (
        asked.max_age == 0 or not assurance.is_fresh(asked.max_age)
    )
    # acr_values is a wish (OIDC Core §3.1.2.1): asked for once, then answered with the truth.
    too_weak = bool(asked.acr_values) and not any(
        assurance.satisfies(acr) for acr in asked.acr_values
    )
    if "none" in asked.prompt:
        too_weak = False
    below = not meets_requirements(asked, assurance)
    return "login" in asked.prompt or too_old or too_weak or below or hinted_other


def asks_to_authenticate_anew(asked: AuthorizationRequest) -> bool:
    """Whether the request wants more of a visitor than to be signed in: a sign-in that another tab
    makes meanwhile, for another request, is not for this one."""
    return bool(
        asked.prompt & {"login", "select_account"}
        or asked.max_age is not None
        or asked.acr_values
        or asked.client.required_acr
        or asked.subjects is not None
    )


def meets_requirements(asked: AuthorizationRequest, assurance: Assurance) -> bool:
    """Whether the sign-in is what the client is registered to need, and an essential ``acr`` what
    its request wants (OIDC Core §5.5.1.1)."""
    required, essential = asked.client.required_acr, asked.claims.essential_acr
    return (not required or assurance.satisfies(required)) and (
        not essential or any(assurance.satisfies(acr) for acr in essential)
    )


def _consent_needed(asked: AuthorizationRequest, consented: Collection[str]) -> bool:
    if "consent" in asked.prompt:
        return True
    shared = asked.client.is_public or asked.client.is_unchecked
    if shared and asks_consent_every_time(asked.redirect_uri):
        return True
    if asked.client.first_party:
        return False
    return not set(asked.consent_scopes) <= set(consented)
