"""The operator's view of accounts."""

from . import imports, people, signup

__all__ = ["imports", "people", "signup"]
