"""The operator's view of accounts."""

from . import imports, people, signup, support

__all__ = ["imports", "people", "signup", "support"]
