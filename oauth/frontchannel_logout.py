"""Signing people out of clients through their own browser (OIDC Front-Channel Logout 1.0).

The page that says "you are signed out" loads an address of each client in a hidden frame. It
reaches what the client keeps in the browser; where browsers keep cookies from frames of other
sites, it reaches nothing, and the back channel does.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from . import claims
from .issuer import issuer
from .models import ClientSession


def frames(ended: Iterable[ClientSession]) -> list[str]:
    """The addresses to load for sessions at clients that have just ended (§3)."""
    return [
        _address(session)
        for session in ended
        if session.client.enabled and session.client.registered("frontchannel_logout_uri")
    ]


def _address(session: ClientSession) -> str:
    address = str(session.client.registered("frontchannel_logout_uri"))
    if not session.client.registered("frontchannel_logout_session_required"):
        return address
    sid = claims.sid_for(session.sid, session.client)
    about = urlencode({"iss": issuer(), "sid": sid})
    return f"{address}{'&' if '?' in address else '?'}{about}"
