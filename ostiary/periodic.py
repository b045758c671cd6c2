"""When Celery's beat starts periodic tasks: what the apps put into their ``BEAT_SCHEDULE``."""

from __future__ import annotations

from typing import Any


def every(seconds: int, task: str, *, name: str = "", **more: Any) -> dict[str, dict[str, Any]]:
    """The entry that has ``task`` started every so many seconds, called as the task is unless it
    has a ``name`` of its own. A start that waits in the queue for longer is not needed any more.

    ``more`` are other options of an entry, such as ``args``; its ``options`` are added to.
    """
    options = {"expires": seconds, **more.pop("options", {})}
    return {name or task: {"task": task, "schedule": float(seconds), "options": options, **more}}
