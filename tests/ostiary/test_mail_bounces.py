"""Which reports mean that an address gets no mail, in the words of each provider."""

import json

import pytest
from django.test import RequestFactory

from ostiary import mail_bounces, mail_provider

HARD, SOFT = "bounced", ""


def told(kind, said, reason=None):
    signals = pytest.importorskip("anymail.signals")
    return mail_bounces.report_of(
        signals.AnymailTrackingEvent(event_type=kind, esp_event=said, reject_reason=reason)
    )


@pytest.mark.parametrize(
    ("said", "report"),
    [
        ({"event": "hard_bounce"}, HARD),  # Brevo, Mandrill
        ({"event": "soft_bounce"}, SOFT),
        ({"Type": "HardBounce"}, HARD),  # Postmark
        ({"Type": "SoftBounce"}, SOFT),
        ({"bounce": {"bounceType": "Permanent"}}, HARD),  # Amazon SES
        ({"bounce": {"bounceType": "Transient"}}, SOFT),
        ({"bounce": {"bounceType": "Undetermined"}}, SOFT),
        ({"data": {"bounce": {"type": "Permanent"}}}, HARD),  # Resend
        ({"data": {"bounce": {"type": "Transient"}}}, SOFT),
        ({"data": {"type": "hard_bounced"}}, HARD),  # MailerSend
        ({"data": {"type": "soft_bounced"}}, SOFT),
        ({"type": "bounce", "event": "bounce"}, HARD),  # SendGrid
        ({"type": "blocked", "event": "bounce"}, SOFT),
        ({"event": "bounce", "hard_bounce": True}, HARD),  # Mailjet
        ({"event": "bounce", "hard_bounce": False}, SOFT),
        ({"bounce_class": "10"}, HARD),  # SparkPost
        ({"bounce_class": "30"}, HARD),
        ({"bounce_class": "22"}, SOFT),
        ({"event": ["hard_bounce"], "bounce": "x"}, SOFT),  # in no form that says anything
        ("Bounced", SOFT),
        ({}, SOFT),
    ],
)
def test_a_full_mailbox_is_no_missing_one(said, report):
    assert told("bounced", said) == report


@pytest.mark.parametrize(
    ("kind", "reason", "report"),
    [
        ("delivered", None, "delivered"),
        ("complained", "spam", "complained"),
        ("rejected", "bounced", "bounced"),
        ("rejected", "invalid", "bounced"),
        ("rejected", "spam", "complained"),
        ("rejected", "blocked", ""),
        ("rejected", "unsubscribed", ""),
        ("failed", None, ""),
        ("deferred", "bounced", ""),
        ("opened", None, ""),
        ("unknown", None, ""),
    ],
)
def test_other_reports(kind, reason, report):
    assert told(kind, {}, reason) == report


def test_postal_tells_a_refusal_as_a_failure():
    assert told("failed", {"payload": {"status": "HardFail"}}) == "bounced"


def read(provider, said):
    """The report of a provider's own JSON, read by anymail's own view of it."""
    module = pytest.importorskip(f"anymail.webhooks.{provider}")
    own = {
        each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__
    }
    names = ("TrackingWebhookView", "CombinedWebhookView")
    [cls] = [each for each in own if each.__name__.endswith(names)]
    view = cls.__new__(cls)  # its settings are about who calls
    if provider == "amazon_ses":
        [event] = view.esp_to_anymail_events(said, {})
    elif provider == "sparkpost":
        event = view.esp_to_anymail_event(*view.unwrap_event(said))
    elif provider == "resend":
        event = view.esp_to_anymail_event(said, RequestFactory().post("/"))
    elif provider == "postal":
        [event] = view.parse_events(
            RequestFactory().post("/", json.dumps(said), content_type="application/json")
        )
    else:
        event = view.esp_to_anymail_event(said)
    return mail_bounces.report_of(event)


def mailgun(code, text, reason="generic", **more):
    status = {"code": code, "message": text, "description": "", **more}
    data = {
        "event": "failed",
        "severity": "permanent",
        "reason": reason,
        "timestamp": 1700000000.0,
        "recipient": "alice@example.org",
        "message": {"headers": {"message-id": "x@y"}},
        "delivery-status": status,
    }
    return {"event-data": data}


def sendgrid(status, text, **more):
    return {"event": "bounce", "status": status, "reason": text, "timestamp": 1700000000, **more}


def postmark(kind, text=""):
    return {"RecordType": "Bounce", "Type": kind, "ID": 1, "MessageID": "m", "Details": text,
            "BouncedAt": "2026-01-01T00:00:00Z"}  # fmt: skip


def mailjet(error, about, hard=True):
    return {"event": "bounce", "time": 1700000000, "MessageID": 1, "hard_bounce": hard,
            "error": error, "error_related_to": about}  # fmt: skip


def ses(kind, sub, status="", text=""):
    recipient = {"emailAddress": "alice@example.org", "status": status, "diagnosticCode": text}
    bounce = {"bounceType": kind, "bounceSubType": sub, "bouncedRecipients": [recipient]}
    return {"eventType": "Bounce", "mail": {"messageId": "m"}, "bounce": bounce}


def resend(kind, **data):
    return {"type": kind, "data": {"email_id": "m", "to": ["alice@example.org"], **data}}


def sparkpost(bounce_class, text):
    event = {"type": "bounce", "bounce_class": bounce_class, "raw_reason": text,
             "timestamp": "1700000000"}  # fmt: skip
    return {"msys": {"message_event": event}}


def mandrill(event, description="", diag="", reject=None):
    msg = {"email": "alice@example.org", "bounce_description": description, "diag": diag}
    return {"event": event, "_id": "m", "ts": 1700000000, "msg": msg, "reject": reject or {}}


def mailersend(kind, reason):
    data = {"type": kind, "created_at": "2026-01-01T00:00:00Z",
            "morph": {"object": "recipient_bounce", "reason": reason}}  # fmt: skip
    return {"type": f"activity.{kind}", "data": data}


def postal(status, output):
    payload = {"status": status, "output": output, "message": {"id": 1}}
    return {"event": "MessageDeliveryFailed", "payload": payload}


NO_USER = "550 5.1.1 The email account that you tried to reach does not exist"
SPAM = "550-5.7.1 [192.0.2.1] Our system has detected that this message is likely unsolicited"
LISTED = "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example"
DMARC = "550 5.7.26 This mail has been blocked because the sender is unauthenticated"
FULL = "552 5.2.2 The email account that you tried to reach is over quota"
OFF = "550 5.2.1 The email account that you tried to reach is disabled"
NO_MAIL = "556 5.1.10 Recipient address has null MX"


@pytest.mark.parametrize(
    ("provider", "wrap"),
    [
        ("mailgun", lambda text: mailgun(550, text)),
        ("mailgun", lambda text: mailgun(550, text, reason="bounce", **{"bounce-type": "hard"})),
        ("sendgrid", lambda text: sendgrid(text.split()[1], text, type="bounce")),
        ("sendgrid", lambda text: sendgrid("5.0.0", text)),
        ("postmark", lambda text: postmark("HardBounce", f"smtp;{text}")),
        ("mailjet", lambda text: {**mailjet("user unknown", "recipient"), "smtp_reply": text}),
        ("amazon_ses", lambda text: ses("Permanent", "General", text.split()[1], f"smtp; {text}")),
        ("amazon_ses", lambda text: ses("Permanent", "General", text="smtp; " + text)),
        (
            "resend",
            lambda text: resend(
                "email.bounced",
                bounce={"type": "Permanent", "subType": "General", "message": "It was rejected.",
                        "diagnosticCode": [f"smtp; {text}"]},
            ),
        ),
        ("brevo", lambda text: {"event": "hard_bounce", "message-id": "<m>", "reason": text}),
        ("mandrill", lambda text: mandrill("hard_bounce", "general", f"smtp;{text}")),
        ("sparkpost", lambda text: sparkpost("10", text)),
        ("mailersend", lambda text: mailersend("hard_bounced", text)),
        ("postal", lambda text: postal("HardFail", text)),
        (
            "mailtrap",
            lambda text: {"event": "bounce", "message_id": "m", "timestamp": 1700000000,
                          "response": text, "response_code": 550},
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("text", "report"),
    [
        (NO_USER, HARD),
        (OFF, HARD),
        (NO_MAIL, HARD),
        (SPAM, SOFT),
        (LISTED, SOFT),
        (DMARC, SOFT),
        (FULL, SOFT),
        ("421 4.7.0 Try again later, closing connection", SOFT),
    ],
    ids=["no user", "switched off", "no mail", "spam", "listed", "DMARC", "full", "for now"],
)
def test_only_what_is_wrong_with_the_address_for_good_marks_it(provider, wrap, text, report):
    """Whichever provider tells it (craft-campaign #178, symfony #50164, postal #266)."""
    assert read(provider, wrap(text)) == report


@pytest.mark.parametrize(
    ("provider", "said", "report"),
    [
        ("mailgun", mailgun(602, "Too old", "old"), SOFT),
        ("mailgun", mailgun(550, "Message blocked", "espblock"), SOFT),
        ("mailgun", mailgun(550, "Blocked by our filter", "bounce"), SOFT),
        ("mailgun", mailgun(550, "No such user here"), HARD),
        ("mailgun", mailgun(550, "Administrative prohibition"), SOFT),
        ("mailgun", mailgun(606, "Not delivering to unsubscribed", "suppress-unsubscribe"), SOFT),
        ("sendgrid", sendgrid("5.0.0", "550 User unknown"), HARD),
        ("sendgrid", sendgrid("", "554 delivery error", type="blocked"), SOFT),
        (
            "sendgrid",
            sendgrid("", "554 refused", type="bounce", bounce_classification="Reputation"),
            SOFT,
        ),
        ("postmark", postmark("BadEmailAddress"), HARD),
        ("postmark", postmark("VirusNotification"), SOFT),
        ("postmark", postmark("Blocked"), SOFT),
        ("postmark", postmark("SpamNotification"), SOFT),
        ("postmark", postmark("DMARCPolicy"), SOFT),
        ("mailjet", mailjet("user unknown", "recipient"), HARD),
        ("mailjet", mailjet("invalid domain", "domain"), HARD),
        ("mailjet", mailjet("relay/access denied", "domain"), SOFT),
        ("mailjet", mailjet("content blocked", "spam"), SOFT),
        ("mailjet", mailjet("", "content"), SOFT),
        ("mailjet", mailjet("quota exceeded", "recipient", hard=False), SOFT),
        ("amazon_ses", ses("Permanent", "NoEmail"), HARD),
        ("amazon_ses", ses("Permanent", "General"), HARD),
        ("amazon_ses", ses("Permanent", "UnsubscribedRecipient"), SOFT),
        ("amazon_ses", ses("Transient", "MailboxFull"), SOFT),
        ("brevo", {"event": "invalid_email", "message-id": "<m>"}, HARD),
        ("brevo", {"event": "blocked", "message-id": "<m>"}, SOFT),
        ("brevo", {"event": "error", "message-id": "<m>"}, SOFT),
        ("mandrill", mandrill("hard_bounce", "bad_mailbox"), HARD),
        ("mandrill", mandrill("soft_bounce", "mailbox_full"), SOFT),
        ("sparkpost", sparkpost("22", "552 over the limit"), SOFT),
        ("sparkpost", sparkpost("52", "550 looks like an advertisement"), SOFT),
        ("sparkpost", sparkpost("10", "550 refused"), HARD),
        ("mailersend", mailersend("soft_bounced", ""), SOFT),
        ("postal", postal("SoftFail", ""), SOFT),
    ],
)
def test_without_a_code_the_class_of_the_provider_counts(provider, said, report):
    assert read(provider, said) == report


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("resend", resend("email.suppressed", suppressed={"message": "On the list."})),
        (
            "resend",
            resend("email.bounced", bounce={"message": "Resend has suppressed sending to this "
                                            "address", "type": "Permanent", "subType":
                                            "Suppressed"}),
        ),
        ("mailgun", mailgun(605, "Not delivering to previously bounced", "suppress-bounce")),
        ("sendgrid", {"event": "dropped", "reason": "Bounced Address", "timestamp": 1}),
        ("sendgrid", {"event": "dropped", "reason": "Invalid", "timestamp": 1}),
        ("amazon_ses", ses("Permanent", "OnAccountSuppressionList")),
        ("amazon_ses", ses("Permanent", "Suppressed")),
        ("mailjet", {**mailjet("preblocked", "mailjet"), "event": "blocked"}),
        ("mandrill", mandrill("reject", reject={"reason": "hard-bounce"})),
        (
            "postmark",
            {"RecordType": "SubscriptionChange", "SuppressSending": True, "MessageID": "m",
             "SuppressionReason": "HardBounce", "ChangedAt": "2026-01-01T00:00:00Z"},
        ),
    ],
)  # fmt: skip
def test_an_address_to_which_the_provider_sends_no_more_is_marked(provider, said):
    """Else its person would wait for codes that were never sent."""
    assert read(provider, said) == HARD


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("mailgun", mailgun(607, "Not delivering to a user who complained", "suppress-complaint")),
        ("sendgrid", {"event": "dropped", "reason": "Spam Reporting Address", "timestamp": 1}),
        ("mandrill", mandrill("reject", reject={"reason": "spam"})),
    ],
)
def test_who_has_complained_before_is_known_so(provider, said):
    assert read(provider, said) == "complained"


def test_what_resend_took_and_did_not_send_is_known_from_its_own_event():
    """anymail 15.2 calls ``email.failed`` unknown."""
    quota = resend("email.failed", failed={"reason": "reached_daily_quota"})
    nobody = resend("email.failed", failed={"reason": "invalid_recipient"})

    assert read("resend", quota) == "failed"
    assert read("resend", nobody) == HARD
    for other in ("email.sent", "email.scheduled", "contact.created", "email.delivery_delayed"):
        assert read("resend", resend(other)) == SOFT


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("550 5.1.1 unknown", True),
        ("550-5.1.1 one\n550 5.1.1 two", True),
        ("550 5.1.1 and 5.7.1", False),
        ("550 5.1.0 5.0.0 5.1.4", None),
        ("550 5.1.7 bad sender", False),
        ("550 5.1.8 bad domain of the sender", False),
        ("450 4.1.1 for now", False),
        ("550 from 5.1.1.7 and 192.5.1.1", None),
        ("550 version 5.1.1.2", None),
        ("250 2.1.1 taken", None),
        ("x" * 5000 + "5.1.1", None),
        ("", None),
    ],
)
def test_a_code_is_no_ip_address_and_what_speaks_of_something_else_counts_most(text, verdict):
    assert mail_bounces.by_code([text]) is verdict


WITH_A_SECRET = {
    "brevo": {"BREVO_API_KEY": "k", "WEBHOOK_SECRET": "a:b"},
    "mailersend": {"MAILERSEND_SIGNING_SECRET": "k"},
    "mailgun": {"MAILGUN_WEBHOOK_SIGNING_KEY": "k"},
    "mailjet": {"WEBHOOK_SECRET": "a:b"},
    "mailtrap": {"MAILTRAP_TRACKING_SECRET": "k"},
    "mandrill": {"MANDRILL_WEBHOOK_KEY": "k"},
    "postmark": {"WEBHOOK_SECRET": "a:b"},
    "resend": {"WEBHOOK_SECRET": "a:b"},
    "sparkpost": {"WEBHOOK_SECRET": "a:b"},
}


@pytest.mark.parametrize(("provider", "given"), WITH_A_SECRET.items())
def test_each_provider_is_heard_with_its_secret_and_not_without(settings, provider, given):
    settings.EMAIL_BACKEND = f"anymail.backends.{provider}.EmailBackend"
    settings.ANYMAIL = given
    assert mail_provider.tracking_view() is not None
    assert mail_provider.why_no_reports() == ""

    settings.ANYMAIL = {}
    assert mail_provider.tracking_view() is None
    assert mail_provider.why_no_reports() != ""
