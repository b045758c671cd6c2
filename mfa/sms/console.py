"""Text messages for who develops: they are written to the terminal."""

from __future__ import annotations

import sys

from django.http import HttpRequest

from .backend import ForgedReport, Report, Text


class ConsoleBackend:
    """Writes each message to standard output, never to a log."""

    repeats_are_one = False

    def send(self, text: Text, key: str) -> str:
        """Write it."""
        sys.stdout.write(f"Text message to {text.to}:\n{text.text}\n\n")
        sys.stdout.flush()
        return ""

    def report(self, request: HttpRequest) -> Report | None:
        """A terminal tells nothing."""
        raise ForgedReport
