"""The application whose request waits while a person signs in, for the pages of the sign-in.

Only what is displayed: whether the request is a good one is found out when they come back to it.
"""

from __future__ import annotations

import functools
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.translation import get_language

from ostiary.application_ahead import Application
from ostiary.client_address import client_ip
from ostiary.throttling import Throttled, refund, throttle

from . import carried_request, device_authorization
from .client_authentication import find_client
from .interaction import REFERENCE
from .issuer import issuer
from .models import Client


@functools.cache
def _path(name: str, urlconf: str, prefix: str) -> str:
    try:
        return reverse(f"ostiary_oauth:{name}", urlconf)
    except NoReverseMatch:
        return ""


def _is_at(name: str, path: str) -> bool:
    return path == _path(name, settings.ROOT_URLCONF, get_script_prefix())


def find(request: HttpRequest, path: str, query: QueryDict) -> Application | None:
    """The application behind an address of ours that a sign-in leads to: that of an authorization
    request, or of a device whose code is in it (at most one client is read)."""
    client = None
    if _is_at("authorize", path):
        client = _asking(query)
    elif _is_at("device", path):
        client = _of_device(request, query.get("user_code", ""))
    if client is None or not client.enabled:
        return None
    return described(client)


def described(client: Client) -> Application:
    """What a page shows of it: its look too, where an operator has said so, and only of one that
    operators registered, since the others can change their addresses by themselves."""
    name = document_host(client) or client.name_in(get_language() or "")
    if client.is_unchecked or not client.registered("branded_pages"):
        return Application(name, logo(client))
    return Application(
        name,
        logo(client),
        accent=client.registered("accent_color"),
        terms_url=str(client.tos_uri),
        privacy_url=str(client.policy_uri),
    )


def document_host(client: Client) -> str:
    """The host whose document says what the client is, which is all that is known of it for sure;
    ``""`` for one that was registered here."""
    by_document = client.registration_source == Client.RegistrationSource.CIMD
    return (urlsplit(client.client_id).hostname or "") if by_document else ""


def logo(client: Client) -> str:
    """The address of its logo, if that is from here: a page loads nothing from an application,
    which would learn who looks at it."""
    address = str(client.logo_uri)
    return address if address.startswith(f"{issuer()}/") else ""


def _asking(query: QueryDict) -> Client | None:
    if reference := query.get(REFERENCE):
        return carried_request.client_of(reference)
    client_id = query.get("client_id", "")
    return find_client(client_id) if client_id else None


def _of_device(request: HttpRequest, user_code: str) -> Client | None:
    """What waits under the code. Nobody is signed in who could be counted, so that wrong codes are
    counted by where they come from (RFC 8628 §5.1)."""
    if not device_authorization.is_user_code(user_code):
        return None
    ip = client_ip(request)
    try:
        throttle("user_code", ip=ip)
    except Throttled:
        return None
    waiting = device_authorization.find(user_code)
    if waiting is None:
        return None
    refund("user_code", ip=ip)
    client: Client = waiting.application
    return client
