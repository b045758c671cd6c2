"""Twilio's Programmable Messaging API, spoken without its SDK."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

from ostiary.mail import absolute_url

from ..conf import mfa_settings
from .backend import ForgedReport, Report, Text, is_same, judge
from .http import post

API = "https://api.twilio.com/2010-04-01/Accounts"
STATES = {"sent": "sent", "delivered": "delivered", "undelivered": "failed", "failed": "failed"}


def signature(url: str, form: QueryDict, token: str) -> str:
    """``X-Twilio-Signature`` of a request (Twilio, "Validating Signatures")."""
    values = ((name, value) for name in sorted(form) for value in sorted(set(form.getlist(name))))
    told = "".join(name + value for name, value in values)
    digest = hmac.new(token.encode(), (url + told).encode("utf-8", "surrogatepass"), hashlib.sha1)
    return base64.b64encode(digest.digest()).decode()


class TwilioBackend:
    """Sends from ``SMS_SENDER``: a number, a name, or a messaging service (``MG…``).

    Twilio knows no key that makes repeats one message. So what may have gone out is not sent again.
    """

    repeats_are_one = False

    def send(self, text: Text, key: str) -> str:
        """The message's ``sid``."""
        sender = mfa_settings.SMS_SENDER
        by = "MessagingServiceSid" if re.fullmatch(r"MG[0-9a-f]{32}", sender) else "From"
        form = {"To": text.to, by: sender, "Body": text.text, "StatusCallback": text.status_url}
        account = mfa_settings.TWILIO_ACCOUNT_SID
        login = base64.b64encode(f"{account}:{mfa_settings.TWILIO_AUTH_TOKEN}".encode()).decode()
        headers = {
            "Authorization": f"Basic {login}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer = post(f"{API}/{account}/Messages.json", urlencode(form).encode(), headers)
        judge(answer, "Twilio", _member(answer.body, "code"))
        return _member(answer.body, "sid")

    def report(self, request: HttpRequest) -> Report | None:
        """What a status callback tells."""
        token = mfa_settings.TWILIO_AUTH_TOKEN
        wanted = signature(absolute_url(request.get_full_path()), request.POST, token)
        if not token or not is_same(request.headers.get("X-Twilio-Signature", ""), wanted):
            raise ForgedReport
        state = STATES.get(request.POST.get("MessageStatus", ""))
        return Report(state, request.POST.get("ErrorCode", "")) if state else None


def _member(body: bytes, name: str) -> str:
    """A number or one word of Twilio's JSON, such as ``21211``: it can't hold the message."""
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    told = found.get(name, "") if isinstance(found, dict) else ""
    return str(told) if re.fullmatch(r"\w{1,64}", str(told)) else ""
