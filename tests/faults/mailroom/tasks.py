"""The handler: post a letter, and let a test stop it on the way."""

import os
import time
from pathlib import Path
from typing import Any

from ostiary import outbox

ROOM = Path(os.environ["MAILROOM"])


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
