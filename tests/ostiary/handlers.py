"""Outbox handlers of these tests."""

from typing import Any

from ostiary import outbox

delivered: list[tuple[dict[str, Any], str]] = []
problems: list[Exception] = []


@outbox.handler("test")
def deliver(payload: dict[str, Any], key: str) -> None:
    """Keep what comes; fail as often as there are problems."""
    if problems:
        raise problems.pop()
    delivered.append((payload, key))
