"""The operator's view of accounts."""

from . import people

__all__ = ["people"]
