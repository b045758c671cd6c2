"""Refusals of a protected resource, in the words of RFC 6750 §3, RFC 9449 §7.1 and RFC 9470 §3."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

SCHEMES = ("bearer", "dpop")
"""How an access token may be presented, in lower case."""


class AccessRefused(Exception):
    """Why a request is not served, as the caller is told it."""

    status = 401
    error = ""

    def __init__(self, description: str = "", **attributes: str) -> None:
        super().__init__(description)
        self.description = description
        self.attributes = attributes
        """Further parameters of the challenge."""


class NoToken(AccessRefused):
    """The request has no token: it is told how to bring one, and of no error (§3.1)."""


class InvalidRequest(AccessRefused):
    """The token is sent in a way that isn't allowed, or in several."""

    status = 400
    error = "invalid_request"


class InvalidToken(AccessRefused):
    """The token is expired, revoked, malformed, or not for this API."""

    error = "invalid_token"

    def __init__(self, description: str = "The access token is not valid.") -> None:
        super().__init__(description)


class InsufficientScope(AccessRefused):
    """The token is good, but not for this."""

    status = 403
    error = "insufficient_scope"

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__("The access token lacks a scope.", scope=" ".join(scopes))


class InsufficientUserAuthentication(AccessRefused):
    """The person has to authenticate again, in a stronger way or more recently (RFC 9470 §3)."""

    error = "insufficient_user_authentication"


class InvalidDpopProof(AccessRefused):
    """The DPoP proof is missing or not valid."""

    error = "invalid_dpop_proof"


class UseDpopNonce(AccessRefused):
    """The DPoP proof needs the nonce that the answer carries (RFC 9449 §9)."""

    error = "use_dpop_nonce"

    def __init__(self) -> None:
        super().__init__("Use the nonce of the DPoP-Nonce header.")


class Unavailable(AccessRefused):
    """Whether the token is good can't be told now: not the caller's fault, so no 401."""

    status = 503
    error = "temporarily_unavailable"

    def __init__(self) -> None:
        super().__init__("Access tokens can't be checked at the moment.")


def challenge(refused: AccessRefused, scheme: str, common: str, algorithms: Iterable[str]) -> str:
    """The value of ``WWW-Authenticate``: both schemes, and the error at the one that was used.

    ``common`` are the parameters that both have, ``algorithms`` those of DPoP proofs.
    """
    told = {"error": refused.error, "error_description": refused.description}
    detail = "".join(
        f', {name}="{value}"' for name, value in {**told, **refused.attributes}.items() if value
    )
    used = scheme if scheme in SCHEMES else "bearer"
    algs = f'algs="{" ".join(algorithms)}"'
    return (
        f"Bearer {common}{detail if used == 'bearer' else ''}, "
        f"DPoP {common}, {algs}{detail if used == 'dpop' else ''}"
    )
