"""The device authorization grant up to the person's decision (RFC 8628 §3.1 to §3.3)."""

from __future__ import annotations

import io
import secrets
import unicodedata
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import segno
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from ostiary import events
from ostiary.assurance import Assurance

from . import consent, families
from .issuer import endpoint
from .models import Client, DeviceGrant, Grant
from .models.grant import new_token, token_hash

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
LIFETIME = 600
"""Seconds within which the person must decide and the device must fetch its tokens."""
INTERVAL = 5
"""Seconds that a device waits between polls, at first."""
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""Letters that look like no other and spell no words (RFC 8628 §6.1)."""
LENGTH = 8
"""20⁸ codes: 34 bits."""


def _user_code_hash(user_code: str) -> str:
    """Keyed, since a code of 34 bits could be found from a plain hash."""
    return salted_hmac("ostiary.oauth.user_code", user_code, algorithm="sha256").hexdigest()


def normal(user_code: str) -> str:
    """A code as it was typed, without what doesn't matter: case, width, blanks, dashes and other
    punctuation, and marks that nobody sees (RFC 8628 §6.1)."""
    return "".join(
        char
        for char in unicodedata.normalize("NFKC", user_code).upper()
        if not (char.isspace() or char == "−" or unicodedata.category(char)[0] == "P")
        and unicodedata.category(char) != "Cf"
    )


def shown(user_code: str) -> str:
    """The code as people read it: two groups of four."""
    code = normal(user_code)
    return f"{code[:4]}-{code[4:]}"


def start(
    client: Client, asked: Sequence[str], resource: Sequence[str], ip_address: str
) -> dict[str, Any]:
    """Begin an authorization; returns the answer to the device (§3.2). One statement."""
    device_code = new_token()
    user_code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    DeviceGrant.objects.create(
        application=client,
        device_code_hash=token_hash(device_code),
        user_code_hash=_user_code_hash(user_code),
        scope=" ".join(asked),
        resource=list(resource),
        interval=INTERVAL,
        expires=timezone.now() + timedelta(seconds=LIFETIME),
        ip_address=ip_address or None,
    )
    return {
        "device_code": device_code,
        "user_code": shown(user_code),
        "verification_uri": endpoint("device"),
        "verification_uri_complete": verification_uri_complete(user_code),
        "expires_in": LIFETIME,
        "interval": INTERVAL,
    }


def verification_uri_complete(user_code: str) -> str:
    """The page, with the code already in it (§3.3.1)."""
    return f"{endpoint('device')}?{urlencode({'user_code': shown(user_code)})}"


def is_user_code(user_code: str) -> bool:
    """Whether it could be a code, known or not."""
    code = normal(user_code)
    return len(code) == LENGTH and set(code) <= set(ALPHABET)


def qr(user_code: str) -> bytes:
    """``verification_uri_complete`` as a QR code, black on white, in SVG (§3.3.1).

    For a device that can show an image but not make one.
    """
    image = io.BytesIO()
    code = segno.make(verification_uri_complete(user_code), micro=False, error="m")
    code.save(image, kind="svg", scale=8, light="#fff")
    return image.getvalue()


def find(user_code: str) -> DeviceGrant | None:
    """What waits for a decision under this code; ``None`` for a code unknown, used or expired."""
    if not is_user_code(user_code):
        return None
    code = normal(user_code)
    found: DeviceGrant | None = (
        DeviceGrant.objects.select_related("application")
        .filter(
            user_code_hash=_user_code_hash(code),
            status=DeviceGrant.AUTHORIZATION_PENDING,
            expires__gt=timezone.now(),
            application__enabled=True,
        )
        .first()
    )
    return found


def _decide(waiting: DeviceGrant, **decision: Any) -> bool:
    """Of several decisions at once, one statement lets the first through."""
    return bool(
        DeviceGrant.objects.filter(
            pk=waiting.pk,
            status=DeviceGrant.AUTHORIZATION_PENDING,
            expires__gt=timezone.now(),
        ).update(**decision)
    )


def allow(request: HttpRequest, waiting: DeviceGrant, assurance: Assurance) -> bool:
    """Give the device what it asked for, as the signed-in person; whether it still waited."""
    person: Any = request.user
    client, asked = waiting.application, waiting.scope.split()
    with transaction.atomic():
        grant = Grant.objects.create(
            user=person,
            application=client,
            # No code leads to this grant: the device code finds it by the waiting row.
            code_hash=token_hash(new_token()),
            expires=waiting.expires,
            ends_at=waiting.expires,
            scope=waiting.scope,
            resource=waiting.resource,
            sid=uuid.UUID(assurance.sid),
            auth_time=assurance.auth_time,
            acr=assurance.answer([client.required_acr]),
            amr=list(assurance.amr),
            offline="offline_access" in asked,
            credential_hash=families.credential_hash(person),
        )
        won = _decide(waiting, status=DeviceGrant.AUTHORIZED, user=person, grant=grant)
        if not won:
            grant.delete()
            return False
        if not client.first_party:
            consent.remember(request, client, asked, waiting.resource)
        _record(request, "device.allowed", waiting)
    return True


def deny(request: HttpRequest, waiting: DeviceGrant) -> bool:
    """Refuse the device; whether it still waited."""
    with transaction.atomic():
        won = _decide(waiting, status=DeviceGrant.DENIED, user=request.user)
        if won:
            _record(request, "device.denied", waiting)
    return won


def _record(request: HttpRequest, kind: str, waiting: DeviceGrant) -> None:
    events.record(
        kind,
        user=request.user,
        request=request,
        client_id=waiting.application.client_id,
        details={"scopes": waiting.scope.split(), "audience": waiting.resource},
    )
