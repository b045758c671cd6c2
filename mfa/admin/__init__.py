"""The operator's view of second factors. No key, code or whole number is ever shown."""

from . import text_messages

__all__ = ["text_messages"]
