"""An authorization request on its way through our own pages: in their address or, where it is too
long for that, kept here under a reference.

The page that a person is sent to has the request in its own address, encoded once more. Django goes
back to no address of more than 2048 characters (``url_has_allowed_host_and_scheme``), and nginx has
4 KB for all headers of an answer, unless it is told otherwise (``proxy_buffer_size``).

Other than a pushed request a reference says nothing about who made it: it stands for the query that
it was made from, for whoever has it, until it expires.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote_plus

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, TemporarilyUnavailableError

from ostiary.throttling import Throttled, throttle

from .explanation import explained
from .interaction import PARAMETER, REFERENCE, TICKET_SECONDS
from .models import Client, PushedRequest
from .models.grant import new_token, token_hash
from .parameters import only

MOST_IN_AN_ADDRESS = 1800
"""Longest query that is carried in an address, in characters as it is encoded there."""


def _hash(reference: str) -> str:
    """Never that of a pushed request, so that neither can be brought as the other."""
    return token_hash(f"carried {reference}")


def is_long(params: QueryDict) -> bool:
    """Whether a request is too long for an address."""
    return len(quote_plus(params.urlencode())) > MOST_IN_AN_ADDRESS


def whole(sent: QueryDict) -> QueryDict:
    """The request that ``sent`` is or refers to, with the ticket that came with it (one SQL
    statement for a reference, none without).

    Raises ``InvalidRequestError``, which is for a page.
    """
    if REFERENCE not in sent:
        return sent
    reference = only(sent, REFERENCE)
    found = _kept_under(reference).first()
    if found is None:
        raise explained(
            InvalidRequestError(description="This request has waited for too long."), REFERENCE
        )
    params = QueryDict(found.parameters, mutable=True)
    params[REFERENCE] = reference
    if ticket := only(sent, PARAMETER):
        params[PARAMETER] = ticket
    return params


def _kept_under(reference: str) -> QuerySet[PushedRequest]:
    found: QuerySet[PushedRequest] = PushedRequest.objects.filter(
        uri_hash=_hash(reference), expires_at__gt=timezone.now()
    )
    return found


def client_of(reference: str) -> Client | None:
    """Whose request is kept under ``reference``, ``None`` if there is none (one SQL statement)."""
    found = _kept_under(reference).select_related("client").first()
    return found.client if found else None


def short(params: QueryDict, client: Client, ip: str) -> QueryDict:
    """The same request for an address: as it is, or, where it is long, a reference to it, with its
    ticket. Keeps what is kept for the first time (one SQL statement).

    Anybody can make requests: only so many long ones from the address ``ip``. Raises
    ``TemporarilyUnavailableError``.
    """
    if not is_long(params):
        return params
    carried = QueryDict(mutable=True)
    carried[REFERENCE] = only(params, REFERENCE) or _kept(params, client, ip)
    if ticket := only(params, PARAMETER):
        carried[PARAMETER] = ticket
    return carried


def _kept(params: QueryDict, client: Client, ip: str) -> str:
    try:
        throttle("long_request", ip=ip)
    except Throttled:
        raise TemporarilyUnavailableError(
            description="Too many long requests, try again later."
        ) from None
    request = params.copy()
    request.pop(PARAMETER, None)
    reference, now = new_token(), timezone.now()
    PushedRequest.objects.create(
        uri_hash=_hash(reference),
        client=client,
        parameters=request.urlencode(),
        created_at=now,
        expires_at=now + timedelta(seconds=TICKET_SECONDS),
    )
    return reference
