"""The ways in which clients may prove who they are at this site."""

from __future__ import annotations

from . import mtls
from .client_rules import AUTH_METHODS


def offered() -> list[str]:
    """The methods of this site: those by certificate only where a proxy passes certificates on."""
    return [name for name in AUTH_METHODS if name not in mtls.METHODS or name in mtls.supported()]
