"""Where the parameters of an authorization request are: in the query, in a signed object there
(RFC 9101), or with us, where the client pushed them (RFC 9126).

Whatever reads a request asks here; what goes on with it carries the query as it was sent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.http import QueryDict
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error
from oauthlib.openid.connect.core.exceptions import InvalidRequestURI, RequestURINotSupported

from . import interaction, par, request_object
from .authorization_request import Destination, asking_client, destination
from .interaction import Ticket
from .models import Client, PushedRequest
from .parameters import QUERY_MAX_LENGTH, length_of, only

MOST_SECONDS = 1800
"""For so long a person may go on with a signed request after it was first taken."""


@dataclass(frozen=True)
class Resolved:
    """A request as far as it is known before its parameters are checked.

    ``problem`` is why they can't be read, for the redirect URI; ``signed`` says that they are in a
    signed object in the query.
    """

    to: Destination
    params: QueryDict
    ticket: Ticket
    pushed: PushedRequest | None = None
    signed: bool = False
    problem: OAuth2Error | None = None


def resolve(sent: QueryDict) -> Resolved:
    """Find the parameters and where the answer may go.

    Raises ``OAuth2Error``, which is for a page. What is wrong with a request object goes to the
    redirect URI beside it, if that is a registered one: the one inside can't be trusted.
    """
    client = asking_client(sent)
    ticket = interaction.read_ticket(sent)
    if par.is_reference(only(sent, "request_uri")):
        pushed = par.find(only(sent, "request_uri"), client)
        params = par.parameters(pushed)
        return Resolved(destination(params, client), params, ticket, pushed=pushed)
    if len(sent.getlist("request_uri")) > 1:
        raise InvalidRequestURI(description="request_uri was given more than once.")
    try:
        params = _parameters(sent, client, ticket)
    except OAuth2Error as problem:
        try:
            to = destination(sent, client)
        except OAuth2Error:
            raise problem from None
        return Resolved(to, sent, ticket, problem=problem)
    return Resolved(destination(params, client), params, ticket, signed=params is not sent)


def _parameters(sent: QueryDict, client: Client, ticket: Ticket) -> QueryDict:
    """What the query holds, or the signed object in it."""
    if only(sent, "request_uri"):
        raise RequestURINotSupported(
            description="A request_uri that is not from our PAR endpoint is not supported."
        )
    if par.is_required(client):
        raise InvalidRequestError(description="This client must push its requests (RFC 9126).")
    if length_of(sent) > QUERY_MAX_LENGTH:
        raise InvalidRequestError(
            description=f"The request is too long: at most {QUERY_MAX_LENGTH} characters."
        )
    if len(sent.getlist("request")) > 1:
        raise InvalidRequestError(description="Duplicate parameter in the request: request")
    if signed := only(sent, "request"):
        return request_object.parameters(client, signed, sent, seen_at=_seen_at(ticket))
    if client.registered("require_signed_request_object"):
        raise InvalidRequestError(description="This client must sign its requests (RFC 9101).")
    return sent


def _seen_at(ticket: Ticket) -> float | None:
    """When this very request was first taken: a person may need longer than the object lives."""
    recent = time.time() - ticket.begun_at <= MOST_SECONDS
    return ticket.begun_at if ticket.begun_at and recent else None
