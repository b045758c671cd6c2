"""Resend, with what anymail's backend leaves out: a key that makes repeats one message."""

from __future__ import annotations

from typing import Any

from anymail.backends.resend import EmailBackend as ResendBackend


class EmailBackend(ResendBackend):  # type: ignore[misc]  # anymail has no types
    """Sends the ``Message-ID``, which is the same at every attempt, as ``Idempotency-Key``."""

    def build_message_payload(self, message: Any, defaults: Any) -> Any:
        """The request, with the key in its header."""
        payload = super().build_message_payload(message, defaults)
        if name := message.extra_headers.get("Message-ID"):
            payload.headers["Idempotency-Key"] = name.strip("<>")
        return payload
