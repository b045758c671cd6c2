"""A POST to a gateway of the operator's own choice, that tells what is certain when it fails."""

from __future__ import annotations

import functools
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from ostiary import retry_after

SECONDS = 10.0
"""For each step, and for the answer as a whole."""
MOST_BYTES = 64 * 1024


class NotSent(Exception):
    """Nothing has gone out: asking again can't send it twice. ``seconds`` says when, if told."""

    def __init__(self, reason: str, seconds: int = 0) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Unsure(Exception):
    """It may have gone out, and may not. ``seconds`` says when to ask again, if told."""

    def __init__(self, reason: str, seconds: int = 0) -> None:
        super().__init__(reason)
        self.seconds = seconds


@dataclass(frozen=True)
class Answer:
    """What a gateway answered."""

    status: int
    body: bytes
    retry_after: int = 0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A number and a code go to the address that the operator named, and to no other."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """``None``: the redirect becomes an error."""


@functools.cache
def _opener() -> urllib.request.OpenerDirector:
    """Made when it is first needed: it reads all certificates that the system trusts."""
    return urllib.request.build_opener(_NoRedirects)


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """The answer, whatever its status. Raises ``NotSent`` and ``Unsure``; never tells the body."""
    request = urllib.request.Request(  # noqa: S310  (a system check holds the scheme to https)
        url, body, {"User-Agent": "django-ostiary", **headers}, method="POST"
    )
    try:
        with _opener().open(request, timeout=SECONDS) as response:
            return Answer(response.status, _read(response))
    except urllib.error.HTTPError as refused:
        with refused:
            seconds = retry_after.seconds(refused.headers.get("Retry-After", ""))
            return Answer(refused.code, _read(refused), seconds)
    except urllib.error.URLError as error:
        # It tells of what went wrong up to the request's last byte.
        raise NotSent(f"no connection ({type(error.reason).__name__})") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Unsure(f"no answer ({type(error).__name__})") from None


def _read(response: Any) -> bytes:
    """The body. A status is an answer, even where the body breaks off or comes drop by drop."""
    ends, body = time.monotonic() + SECONDS, b""
    try:
        while chunk := response.read1(4096):
            body += chunk
            if len(body) > MOST_BYTES or time.monotonic() > ends:
                break
    except (OSError, HTTPException):
        return b""
    return body
