"""Signing people out of clients through their own browser (OIDC Front-Channel Logout 1.0).

The page that says "you are signed out" loads an address of each client in a hidden frame. It
reaches what the client keeps in the browser; where browsers keep cookies from frames of other
sites, it reaches nothing, and the back channel does.
"""

from __future__ import annotations

from urllib.parse import urlencode

from ostiary.models import Session

from .issuer import issuer
from .models import Client, ClientSession


def frames(session: Session) -> list[str]:
    """The addresses to load for the clients of a session that has just ended (§3)."""
    ended = ClientSession.objects.filter(sid=session.pk, ended_at__gte=session.ended_at)
    clients = [each.client for each in ended.select_related("client").order_by("pk")]
    return [
        _address(client, session)
        for client in clients
        if client.enabled and client.registered("frontchannel_logout_uri")
    ]


def _address(client: Client, session: Session) -> str:
    address = str(client.registered("frontchannel_logout_uri"))
    if not client.registered("frontchannel_logout_session_required"):
        return address
    about = urlencode({"iss": issuer(), "sid": str(session.pk)})
    return f"{address}{'&' if '?' in address else '?'}{about}"
