"""Any gateway that takes a signed JSON request (how-to: text messages).

Both ways a request carries ``Ostiary-Timestamp``, in seconds since 1970, and
``Ostiary-Signature``: ``sha256=`` and the hex HMAC-SHA-256, under the secret that both know, of the
timestamp, a full stop and the body.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from typing import Any

from django.http import HttpRequest

from ..conf import mfa_settings
from .backend import ForgedReport, Report, Text, is_same, judge
from .http import post

TIMESTAMP, SIGNATURE = "Ostiary-Timestamp", "Ostiary-Signature"
MOST_SECONDS_OLD = 300
STATES = frozenset({"sent", "delivered", "failed"})


def signature(timestamp: str, body: bytes) -> str:
    """The signature of a request's body."""
    secret = mfa_settings.SMS_GATEWAY_SECRET.encode()
    signed = timestamp.encode("utf-8", "surrogatepass") + b"." + body
    return f"sha256={hmac.new(secret, signed, hashlib.sha256).hexdigest()}"


class GatewayBackend:
    """Posts ``{"id", "to", "text", "sender", "status_url"}`` to ``SMS_GATEWAY_URL``."""

    repeats_are_one = True

    def send(self, text: Text, key: str) -> str:
        """Any 2xx is taken for accepted; the gateway's ``id`` of it may stand in the answer."""
        body = json.dumps(
            {
                "id": text.id,
                "to": text.to,
                "text": text.text,
                "sender": mfa_settings.SMS_SENDER,
                "status_url": text.status_url,
            }
        ).encode()
        now = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            TIMESTAMP: now,
            SIGNATURE: signature(now, body),
        }
        answer = post(mfa_settings.SMS_GATEWAY_URL, body, headers)
        judge(answer, "The gateway")
        return str(_object(answer.body).get("id", ""))

    def report(self, request: HttpRequest) -> Report | None:
        """``{"state": "delivered"}``, or ``failed`` with a ``reason`` of at most 100 characters."""
        timestamp = request.headers.get(TIMESTAMP, "")
        given = request.headers.get(SIGNATURE, "")
        right = is_same(given, signature(timestamp, request.body))
        if not (mfa_settings.SMS_GATEWAY_SECRET and right and _is_new(timestamp)):
            raise ForgedReport
        told = _object(request.body)
        state = told.get("state")
        if not isinstance(state, str) or state not in STATES:
            return None
        return Report(state, str(told.get("reason", "")))


def _is_new(timestamp: str) -> bool:
    told = int(timestamp) if re.fullmatch(r"[0-9]{1,12}", timestamp) else 0
    return abs(time.time() - told) <= MOST_SECONDS_OLD


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object, or an empty one for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
