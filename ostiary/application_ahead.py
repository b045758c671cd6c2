"""Which application a person is on the way to, for the pages that they sign in on.

A page knows only the address to which it leads on. What is behind it is known to the app whose
address that is, which registers a finder when it is ready::

    application_ahead.register(find)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, QueryDict

from .signin import SESSION_KEY, safe_next_url

MOST_NESTED = 4


@dataclass(frozen=True)
class Application:
    """What a page shows of it: its name, as text, and the address of its logo, ``""`` for none.

    The rest is of one whose look the pages wear, in the place of the site's: its accent colour, and
    where people read its terms and its privacy policy.
    """

    name: str
    logo: str = ""
    accent: str = ""
    terms_url: str = ""
    privacy_url: str = ""


Finder = Callable[[HttpRequest, str, QueryDict], Application | None]
"""Is given a path of this site with the query that goes there."""

_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Have ``finder`` asked. Called once, when an app is ready."""
    _finders.append(finder)


def steps(address: str) -> Iterator[tuple[str, str, QueryDict]]:
    """``address``, its ``next``, the ``next`` of that, and so on: each with its path and query."""
    for _ in range(MOST_NESTED):
        try:
            parts = urlsplit(address)
            query = QueryDict(parts.query)
        except (ValueError, TooManyFieldsSent):
            return
        yield address, parts.path, query
        address = query.get("next", "")


def pending_next_url(request: HttpRequest) -> str:
    """Where the pending sign-in of this browser leads, as it is in the session."""
    pending = request.session.get(SESSION_KEY)
    return str(pending["next_url"]) if pending else ""


def find(request: HttpRequest, next_url: str) -> Application | None:
    """The application to which ``next_url`` leads in the end; ``None`` if it leads to none, or out
    of this site. Looked for once in a request."""
    known: dict[str, Application | None] = request.__dict__.setdefault("_applications_ahead", {})
    if next_url not in known:
        known[next_url] = _find(request, next_url)
    return known[next_url]


def _find(request: HttpRequest, next_url: str) -> Application | None:
    for address, path, query in steps(next_url):
        if not safe_next_url(request, address):
            return None
        for finder in _finders:
            if found := finder(request, path, query):
                return found
    return None
