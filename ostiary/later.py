"""What a step of an erasure raises that has to wait."""

from __future__ import annotations

from datetime import timedelta

LONGEST_PAUSE = timedelta(hours=1)


class Later(Exception):
    """A step raises it that can't be done yet; its text says what is waited for, and is shown to
    operators: it never holds anything personal. It is tried again after growing pauses up to
    ``longest_pause``."""

    def __init__(self, waits_for: str = "", longest_pause: timedelta = LONGEST_PAUSE) -> None:
        super().__init__(waits_for)
        self.longest_pause = longest_pause
