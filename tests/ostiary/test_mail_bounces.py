"""Which reports mean that an address gets no mail, in the words of each provider."""

import pytest

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
        ({"event": ["soft_bounce"], "bounce": "x"}, HARD),
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
