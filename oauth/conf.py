"""The settings of the authorization server: each with its type, unit, default and reason.

A project writes ``OSTIARY_OAUTH = {"DPOP_NONCE_REQUIRED": True, ...}`` in its Django settings; code
reads ``oauth_settings.DPOP_NONCE_REQUIRED``.
"""

from __future__ import annotations

from dataclasses import dataclass

from ostiary.typed_settings import read


@dataclass(frozen=True)
class OAuthSettings:
    """Every key that ``settings.OSTIARY_OAUTH`` may hold."""

    DPOP_NONCE_REQUIRED: bool = False
    """Whether every DPoP proof has to carry a nonce of ours (RFC 9449 §8), so that none can be made
    in advance; costs a client one more request now and then."""

    REQUIRE_PAR: bool = False
    """Whether every client has to push its authorization requests (RFC 9126 §5), so that browsers
    carry none; single clients can be held to it in the admin."""

    REPLAY_CACHE: str = ""
    """The alias of a cache that all processes share, for the ``jti`` of proofs and assertions;
    empty keeps them in the database."""


oauth_settings = read("OSTIARY_OAUTH", OAuthSettings)
