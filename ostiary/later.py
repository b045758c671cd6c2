"""What a step of an erasure raises that has to wait."""

from __future__ import annotations

from collections.abc import Callable


def _never() -> bool:
    return False


class Later(Exception):
    """A step raises it that can't be done yet; its text says what is waited for, and is shown to
    operators: it never holds anything personal.

    Whoever brings what is waited for makes the erasure due. ``has_come`` is asked once it is put
    off, since that may have been in between.
    """

    def __init__(self, waits_for: str = "", has_come: Callable[[], bool] = _never) -> None:
        super().__init__(waits_for)
        self.has_come = has_come
