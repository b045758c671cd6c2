"""The way to another region: to an address of the settings alone, without redirects or proxies,
bounded in size and time."""

from __future__ import annotations

import http.client
import time
import urllib.request
from dataclasses import dataclass

from .configured import is_secure
from .tokens import MAX_LENGTH

SECONDS = 10.0
CHUNK = 16 * 1024


class LinkError(Exception):
    """Nothing usable came back. The text says why and holds nothing of what was sent."""


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status: a redirect is an answer, too."""

    status: int
    content_type: str
    body: bytes


def _opener() -> urllib.request.OpenerDirector:
    """Without the handlers that follow redirects, ask proxies or raise for a status."""
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.HTTPHandler())
    opener.add_handler(urllib.request.HTTPSHandler())
    return opener


def ask(url: str, path: str, token: str = "", seconds: float = SECONDS) -> Answer:
    """GET ``path`` of the region at ``url``, or POST a token there. Raises ``LinkError``."""
    if not is_secure(url):
        raise LinkError("The address of the region is not https.")
    request = urllib.request.Request(  # noqa: S310  (https, or this machine)
        f"{url}{path}",
        data=token.encode() or None,
        headers={"Content-Type": "application/jwt"} if token else {},
    )
    ends = time.monotonic() + seconds
    body = bytearray()
    try:
        with _opener().open(request, timeout=seconds) as response:
            while chunk := response.read1(CHUNK):
                body += chunk
                if len(body) > MAX_LENGTH:
                    raise LinkError("The answer is too large.")
                if time.monotonic() > ends:
                    raise LinkError("It took too long.")
            return Answer(response.status, response.headers.get_content_type(), bytes(body))
    except (OSError, ValueError, http.client.HTTPException) as problem:
        raise LinkError(type(getattr(problem, "reason", problem)).__name__) from problem
