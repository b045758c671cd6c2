"""Why an application is not registered (RFC 7591 §3.2.2)."""

from __future__ import annotations

from typing import Any

from oauthlib.oauth2.rfc6749.errors import OAuth2Error

MOST_CHARACTERS = 1000
"""So much is told of what is wrong."""
_AS_ASCII = str.maketrans({'"': "'", "\\": "/", "“": "'", "”": "'", "’": "'", "–": "-"})


def describable(words: str) -> str:
    """``words`` as an ``error_description`` may have them (RFC 6749 §5.2): printable ASCII."""
    plain = words.translate(_AS_ASCII)
    return "".join(char if " " <= char <= "~" else "?" for char in plain)[:MOST_CHARACTERS]


class InvalidClientMetadata(OAuth2Error):  # type: ignore[misc]  # oauthlib is untyped
    """A value that can't be registered, or a body that can't be read."""

    error = "invalid_client_metadata"

    def __init__(self, description: str | None = None, **more: Any) -> None:
        super().__init__(describable(description or ""), **more)


class InvalidRedirectURI(InvalidClientMetadata):
    """No redirect URI that can be registered."""

    error = "invalid_redirect_uri"


class InvalidSoftwareStatement(InvalidClientMetadata):
    """A statement that its issuer did not sign."""

    error = "invalid_software_statement"


class UnapprovedSoftwareStatement(InvalidClientMetadata):
    """A statement of an issuer that is not believed."""

    error = "unapproved_software_statement"
