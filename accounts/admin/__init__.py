"""The operator's view of accounts."""

from . import groups, imports, people, signup, support

__all__ = ["groups", "imports", "people", "signup", "support"]
