"""The issuer identifier and the addresses of the endpoints, as the world sees them."""

import functools

from django.conf import settings
from django.core.signals import setting_changed
from django.urls import get_script_prefix, reverse

from ostiary.conf import ostiary_settings


def issuer() -> str:
    """The ``iss`` of every token and response (RFC 8414 §2): of the settings, not of a request."""
    return ostiary_settings.ISSUER_URL


def endpoint(name: str) -> str:
    """The absolute address of one of our endpoints, by its URL name."""
    return issuer() + _path_of(name, settings.ROOT_URLCONF, get_script_prefix())


@functools.cache
def _path_of(name: str, urlconf: str, prefix: str) -> str:
    return reverse(f"ostiary_oauth:{name}", urlconf)


def _forget(*, setting: str, **_: object) -> None:
    if setting == "ROOT_URLCONF":
        _path_of.cache_clear()


setting_changed.connect(_forget)
