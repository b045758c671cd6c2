"""When a person has to authenticate again (RFC 9470)."""

from __future__ import annotations

import time
from collections.abc import Sequence

from .access_token import AccessToken
from .errors import InsufficientUserAuthentication


def check(
    token: AccessToken, *, acr: Sequence[str] = (), max_age: int | None = None, leeway: int = 0
) -> None:
    """Raise ``InsufficientUserAuthentication`` unless the token has one of the ``acr`` values, and
    the person authenticated at most ``max_age`` seconds ago.

    What a client has to ask for is told in the words of its authorization request (§3).
    """
    too_weak = bool(acr) and token.acr not in acr
    too_old = max_age is not None and (
        token.auth_time is None or time.time() - token.auth_time > max_age + leeway
    )
    if too_weak or too_old:
        wanted = {"acr_values": " ".join(acr)} if acr else {}
        if max_age is not None:
            wanted["max_age"] = str(max_age)
        raise InsufficientUserAuthentication(
            "A stronger or more recent authentication is needed.", **wanted
        )
