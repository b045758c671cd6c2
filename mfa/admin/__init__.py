"""The operator's view of second factors. No key, code or whole number is ever shown."""

from . import devices, policy, text_messages

__all__ = ["devices", "policy", "text_messages"]
