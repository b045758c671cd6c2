#!/bin/sh
# django-anymail 15.2 normalizes the events of mail providers, and a failure that passes (a full inbox, a
# server that is down) is "deferred" for one provider and "bounced" for the next, with the reject reason
# of an address that doesn't exist. Resend's own word for "not sent, because it bounced before" is
# "unknown". A project that marks addresses by `event_type == "bounced"` marks people with a full inbox, and
# waits for messages that were never sent. The provider's own event, in `esp_event`, tells them apart.
#
# Seen:
#
#     mailtrap  soft bounce       deferred  other
#     mandrill  deferral          deferred  None
#     postmark  Transient         deferred  None
#     postmark  SoftBounce        bounced   bounced
#     postmark  HardBounce        bounced   bounced
#     brevo     soft_bounce       bounced   bounced
#     brevo     hard_bounce       bounced   bounced
#     resend    email.suppressed  unknown   None
#     resend    email.failed      unknown   None
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check 'django-anymail==15.2' 'Django==5.2.8'
cat >show.py <<'PYTHON'
import json
import warnings

import django
from django.conf import settings

settings.configure(ANYMAIL={"MANDRILL_WEBHOOK_KEY": "key", "WEBHOOK_SECRET": "user:password"})
django.setup()
warnings.simplefilter("ignore")

from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailtrap import MailtrapTrackingWebhookView
from anymail.webhooks.mandrill import MandrillTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.resend import ResendTrackingWebhookView
from django.test import RequestFactory

TO = "grace@example.com"


def postmark(kind):
    return {"RecordType": "Bounce", "Type": kind, "Email": TO, "MessageID": "1"}


def mailtrap(kind):
    event = {"event": kind, "email": TO, "message_id": "1", "timestamp": 1767225600}
    return {"events": [event | {"response": "452 4.2.2 over quota", "sending_stream": "transactional"}]}


def brevo(kind):
    return {"event": kind, "email": TO, "message-id": "<1@example.com>", "ts_epoch": 1767225600000}


def mandrill(kind):
    return [{"event": kind, "_id": "1", "ts": 1767225600, "msg": {"email": TO, "_id": "1"}}]


def resend(kind):
    data = {"email_id": "1", "to": [TO], "from": "site@example.com", "subject": "Your code"}
    return {"type": kind, "created_at": "2026-01-01T00:00:00.000Z", "data": data}


VIEWS = {
    mailtrap: MailtrapTrackingWebhookView,
    mandrill: MandrillTrackingWebhookView,
    postmark: PostmarkTrackingWebhookView,
    brevo: BrevoTrackingWebhookView,
    resend: ResendTrackingWebhookView,
}
SEEN = {
    (mailtrap, "soft bounce"): ("deferred", "other"),
    (mandrill, "deferral"): ("deferred", None),
    (postmark, "Transient"): ("deferred", None),
    (postmark, "SoftBounce"): ("bounced", "bounced"),
    (postmark, "HardBounce"): ("bounced", "bounced"),
    (brevo, "soft_bounce"): ("bounced", "bounced"),
    (brevo, "hard_bounce"): ("bounced", "bounced"),
    (resend, "email.suppressed"): ("unknown", None),
    (resend, "email.failed"): ("unknown", None),
}
for (provider, kind), seen in SEEN.items():
    body = json.dumps(provider(kind))
    if provider is mandrill:
        request = RequestFactory().post("/", {"mandrill_events": body})
    else:
        request = RequestFactory().post("/", body, content_type="application/json")
    [event] = VIEWS[provider]().parse_events(request)
    got = event.event_type, event.reject_reason
    print(f"{provider.__name__:9} {kind:17} {got[0]:9} {got[1]}")
    assert got == seen, (got, seen)
PYTHON
env/bin/python show.py
