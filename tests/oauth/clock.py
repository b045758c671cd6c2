"""The one clock of a test, which stands still until the test moves it."""

from datetime import UTC, datetime, timedelta, tzinfo

import jwt.api_jwt
import pytest
from django.utils import timezone

START = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Clock:
    """What this server, and the library that checks its JWTs, take for the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = START
        clock = self

        class Datetime(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:
                return clock.now.astimezone(tz)

        monkeypatch.setattr(timezone, "now", lambda: self.now)
        monkeypatch.setattr("time.time", self.seconds)
        monkeypatch.setattr(jwt.api_jwt, "datetime", Datetime)

    def seconds(self) -> float:
        """Unix time."""
        return self.now.timestamp()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
