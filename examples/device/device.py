"""The device's side of the device authorization grant (RFC 8628), with nothing but Python."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
SLOWER = 5
"""Seconds by which a ``slow_down`` lengthens the interval (§3.5)."""
TIMEOUT = 20


class DeviceError(Exception):
    """The provider said no; the text is its own."""


@dataclass(frozen=True)
class Provider:
    """Where the identity provider is asked, as its metadata says (RFC 8414)."""

    device_authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str


@dataclass(frozen=True)
class Asked:
    """What the provider answered, to be shown to the person (§3.2)."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


def ask(url: str, form: dict[str, str] | None = None, token: str = "") -> tuple[int, Any]:
    """GET ``url``, or POST a form to it: the status and the JSON of the answer."""
    request = urllib.request.Request(  # noqa: S310  (the addresses are the provider's)
        url,
        data=None if form is None else urlencode(form).encode(),
        headers={"Accept": "application/json"}
        | ({"Authorization": f"Bearer {token}"} if token else {}),
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def discover(issuer: str) -> Provider:
    """The provider's endpoints. Raises ``DeviceError`` for a provider of another name."""
    _, found = ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise DeviceError(f"This is not the provider {issuer}.")
    return Provider(**{name: found[name] for name in Provider.__dataclass_fields__})


def begin(provider: Provider, client: dict[str, str], scope: str) -> Asked:
    """Ask for a code to show (§3.1). ``client`` are the parameters that say who we are."""
    status, answer = ask(provider.device_authorization_endpoint, {**client, "scope": scope})
    if status != 200:
        raise DeviceError(answer.get("error_description") or answer["error"])
    return Asked(**{name: answer[name] for name in Asked.__dataclass_fields__})


def wait(
    provider: Provider,
    client: dict[str, str],
    asked: Asked,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Poll until the person has decided; the token response (§3.4, §3.5).

    Slows down when told to, and twice as much when nobody answers. Raises ``DeviceError`` once
    they said no, or did not say anything in time.
    """
    form = {**client, "grant_type": GRANT_TYPE, "device_code": asked.device_code}
    interval, waited = asked.interval, 0
    while waited < asked.expires_in:
        sleep(interval)
        waited += interval
        try:
            status, answer = ask(provider.token_endpoint, form)
        except (OSError, ValueError):
            interval *= 2
            continue
        if status == 200:
            return dict(answer)
        if answer["error"] == "slow_down":
            interval += SLOWER
        elif answer["error"] != "authorization_pending":
            raise DeviceError(answer.get("error_description") or answer["error"])
    raise DeviceError("The code expired before it was entered.")
