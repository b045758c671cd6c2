"""The issuer identifier and the addresses of the endpoints, as the world sees them."""

from django.urls import reverse

from ostiary.conf import ostiary_settings


def issuer() -> str:
    """The ``iss`` of every token and response (RFC 8414 §2): of the settings, not of a request."""
    return ostiary_settings.ISSUER_URL


def endpoint(name: str) -> str:
    """The absolute address of one of our endpoints, by its URL name."""
    return issuer() + reverse(f"ostiary_oauth:{name}")
