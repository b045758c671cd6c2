"""The operator's view of accounts."""

from . import people, signup

__all__ = ["people", "signup"]
