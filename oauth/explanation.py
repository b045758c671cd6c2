"""What the developer of an application needs to know of an error: which parameter, what was sent in
it, and what would have been right.

An error carries it as ``error.explanation``; the error page shows it. What goes to a redirect URI
has its ``error_description`` alone, which may name a value by ``printable``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from oauthlib.oauth2.rfc6749.errors import OAuth2Error

if TYPE_CHECKING:
    from .models import Client

Error = TypeVar("Error", bound=OAuth2Error)

MOST_CHARACTERS = 200
"""So much of a value is told."""
MOST_ALLOWED = 10
"""So many of the values that would have been right are told."""
_AS_IT_IS = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in '"\\')


def printable(value: str) -> str:
    """``value`` as an ``error_description`` may have it (RFC 6749 §4.1.2.1): printable ASCII, all
    else percent-encoded, cut off where it is long."""
    told = quote(value[: MOST_CHARACTERS + 1], safe=_AS_IT_IS, errors="replace")
    return told if len(told) <= MOST_CHARACTERS else told[:MOST_CHARACTERS] + "..."


@dataclass(frozen=True)
class Explanation:
    """What was wrong with ``parameter``, all of it ``printable``.

    ``sent`` is its value: ``""`` where nothing was sent, ``None`` where it is not to be told, as of
    a secret or a token. ``allowed`` are values that would have been right, ``more_allowed`` how
    many there are beside. ``client`` is who asked, where that is known.
    """

    parameter: str
    sent: str | None
    allowed: tuple[str, ...]
    more_allowed: int
    client: Client | None


def explained(
    error: Error,
    parameter: str,
    *,
    sent: str | None = None,
    allowed: Iterable[str] = (),
    client: Client | None = None,
) -> Error:
    """``error`` with its explanation, to be raised; see ``Explanation``."""
    every = list(allowed)
    error.explanation = Explanation(
        parameter,
        None if sent is None else printable(sent),
        tuple(printable(value) for value in every[:MOST_ALLOWED]),
        max(0, len(every) - MOST_ALLOWED),
        client,
    )
    return error


def explanation_of(error: OAuth2Error) -> Explanation | None:
    """What ``explained`` has added, ``None`` where nothing was."""
    found: Explanation | None = getattr(error, "explanation", None)
    return found
