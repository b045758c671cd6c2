"""The virtual authenticators of Chromium (Chrome DevTools Protocol, domain WebAuthn)."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page


class Authenticator:
    """A virtual authenticator of one window, and its switches."""

    def __init__(self, page: Page, **options: Any) -> None:
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable", {"enableUI": False})
        usual = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        answer = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": usual | options})
        self.id = answer["authenticatorId"]

    def _tell(self, what: str, **told: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.cdp.send(
            f"WebAuthn.{what}", {"authenticatorId": self.id, **told}
        )
        return answer

    def credentials(self) -> list[dict[str, Any]]:
        """What it keeps."""
        found: list[dict[str, Any]] = self._tell("getCredentials")["credentials"]
        return found

    def verifies(self, yes: bool) -> None:
        """Whether it knows its user by a finger or the like."""
        self._tell("setUserVerified", isUserVerified=yes)

    def is_touched(self, yes: bool) -> None:
        """While nobody does, it neither answers nor refuses."""
        self._tell("setAutomaticPresenceSimulation", enabled=yes)
