"""The handler: post a letter, and let a test stop it on the way."""

import os
import time
import urllib.request
from pathlib import Path
from typing import Any

from ostiary import outbox

ROOM = Path(os.environ["MAILROOM"])
outbox.FIRST_RETRY_SECONDS = float(os.environ.get("FIRST_RETRY_SECONDS", "5"))  # type: ignore[assignment]
outbox.LONGEST_RETRY_SECONDS = int(
    os.environ.get("LONGEST_RETRY_SECONDS", outbox.LONGEST_RETRY_SECONDS)
)


def _stop_here(name: str) -> None:
    """Say how far we are, and stay there for as long as the test wants."""
    if (ROOM / f"stop-{name}").exists():
        (ROOM / f"at-{name}").touch()
        while (ROOM / f"stop-{name}").exists():
            time.sleep(0.05)


@outbox.handler("mailroom.post")
def post(payload: dict[str, Any], key: str) -> None:
    """Append the letter and its key to what was posted."""
    _stop_here("before")
    with (ROOM / "posted").open("a") as posted:
        posted.write(f"{payload['letter']} {key}\n")
    _stop_here("after")


@outbox.handler("mailroom.hang", queue=outbox.Queue.BULK)
def hang(payload: dict[str, Any], key: str) -> None:
    """Tell a server that takes the connection and doesn't answer."""
    (ROOM / f"hangs-{payload['letter']}").touch()
    while not (ROOM / "answers").exists():
        time.sleep(0.05)


@outbox.handler("mailroom.code", queue=outbox.Queue.URGENT)
def post_code(payload: dict[str, Any], key: str) -> None:
    """As any letter."""
    post(payload, key)


@outbox.handler("mailroom.call", queue=outbox.Queue.SMS)
def call(payload: dict[str, Any], key: str) -> None:
    """Give the letter to a gateway, which may refuse it for now."""
    request = urllib.request.Request(
        os.environ["GATEWAY"], payload["letter"].encode(), {"Idempotency-Key": key}
    )
    with urllib.request.urlopen(request, timeout=5):
        pass
