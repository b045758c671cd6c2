"""What mail providers report, and what follows for the address."""

import itertools
import json
import logging
import random
import smtplib
import threading
from base64 import b64encode
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone

from ostiary import (
    cleanup,
    mail,
    mail_provider,
    mail_reports,
    mail_standing,
    notifications,
    outbox,
    personal_data,
)
from ostiary.models import Event, MailMark, OutboxMessage, SentMail
from ostiary.outbox import State
from tests.oauth.far_end import far_end

pytestmark = pytest.mark.django_db

INACTIVE = (
    "You tried to send to recipient(s) that have been marked as inactive. "
    "Found inactive addresses: alice@example.com. Inactive recipients are ones that …"
)
SECRET = "postmark:a-long-secret"
SIGNED = {"authorization": f"Basic {b64encode(SECRET.encode()).decode()}"}


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Nobody makes the link "This wasn’t me"."""
    monkeypatch.setattr(notifications, "_not_me_link", None)


@pytest.fixture(scope="module")
def server():
    with far_end() as serving:
        yield serving


@pytest.fixture
def postmark(settings):
    """A provider that reports, by HTTP Basic."""
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "t", "WEBHOOK_SECRET": SECRET}


@pytest.fixture
def mailgun(settings):
    """A provider that signs."""
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {"MAILGUN_API_KEY": "k", "MAILGUN_WEBHOOK_SIGNING_KEY": "s"}


@pytest.fixture
def person(person):
    """Who confirmed their address long ago."""
    person.email_verified_at = timezone.now() - timedelta(days=365)
    person.save()
    return person


def address_of(person):
    return getattr(person, person.get_email_field_name())


def sent(person, name, minutes_ago=0):
    """A message that the provider took."""
    return SentMail.objects.create(
        user=person,
        provider_id=name,
        key=name,
        digest=mail_standing.digest(address_of(person)),
        sent_at=timezone.now() - timedelta(minutes=minutes_ago),
    )


def bounce(name, kind="HardBounce", **more):
    return {"RecordType": "Bounce", "MessageID": name, "ID": 7, "Type": kind, **more}


def delivery(name):
    return {"RecordType": "Delivery", "MessageID": name}


def complaint(name):
    return {"RecordType": "SpamComplaint", "MessageID": name, "ID": 8, "Type": "SpamComplaint"}


def post(said, headers=SIGNED, **more):
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return Client().post(
        "/mail/reports", body, content_type="application/json", headers=headers, **more
    )


def tell(*reports):
    """The provider calls, and a worker takes what it says."""
    for said in reports:
        assert post(said).status_code == 200
        outbox.deliver_due()


def mark(person):
    return mail_standing.mark_of(person)


def told(kind):
    return Event.objects.filter(kind=kind).count()


def test_a_hard_bounce_marks_the_address_and_is_logged(postmark, person):
    sent(person, "m1")

    tell(bounce("m1"))

    assert mark(person) == "bounced"
    assert SentMail.objects.get().report == "bounced"
    assert told("mail.bounced") == 1


def test_a_complaint_marks_it_too(postmark, person):
    sent(person, "m1")

    tell(complaint("m1"))

    assert mark(person) == "complained"
    assert told("mail.complained") == 1


@pytest.mark.parametrize("kind", ["SoftBounce", "Transient", "DnsError", "Blocked", "Unknown"])
def test_what_may_pass_marks_nothing(postmark, person, kind):
    sent(person, "m1")

    tell(bounce("m1", kind))

    assert mark(person) == ""


def test_a_repeat_changes_nothing_and_writes_no_second_row(postmark, person):
    sent(person, "m1")
    tell(bounce("m1"), bounce("m1"), bounce("m1"))

    assert OutboxMessage.objects.filter(kind="email.report").count() == 1
    assert told("mail.bounced") == 1

    mail_standing.clear(person)
    OutboxMessage.objects.all().delete()  # as if it came after everything was forgotten
    tell(bounce("m1"))
    assert mark(person) == ""


def test_every_order_of_the_same_reports_ends_with_the_same_mark(postmark, person):
    """Two messages: the first comes back, the second arrives."""
    for order in itertools.permutations([bounce("m1"), delivery("m1"), delivery("m2")]):
        SentMail.objects.all().delete()
        MailMark.objects.all().delete()
        OutboxMessage.objects.all().delete()
        sent(person, "m1", minutes_ago=2)
        sent(person, "m2", minutes_ago=1)

        tell(*order, *random.sample(order, 3))

        assert mark(person) == "", order
    tell(bounce("m2"))  # accepted, and come back later
    assert mark(person) == "bounced"


def test_a_delivery_clears_a_bounce_and_not_a_complaint(postmark, person):
    sent(person, "m1", 3)
    sent(person, "m2", 2)
    tell(bounce("m1"), delivery("m2"))
    assert mark(person) == ""
    assert told("mail.cleared") == 1

    sent(person, "m3", 1)
    tell(complaint("m2"), delivery("m3"))
    assert mark(person) == "complained"
    SentMail.objects.filter(provider_id="m2").delete()  # forgotten after a while
    sent(person, "m4")
    tell(delivery("m4"))
    assert mark(person) == "complained"


def test_a_report_about_mail_of_others_or_of_an_address_that_was_changes_nothing(postmark, person):
    tell(bounce("somebody-else"))
    sent(person, "m1")
    setattr(person, person.get_email_field_name(), "moved@example.com")
    person.save()
    tell(bounce("m1"))

    assert not MailMark.objects.exists()


def test_a_report_that_is_faster_than_the_worker_is_taken_later(postmark, person):
    post(bounce("m1"))
    outbox.deliver_due()
    waiting = OutboxMessage.objects.get()
    assert waiting.state == State.PENDING
    sent(person, "m1")

    OutboxMessage.objects.update(next_attempt_at=timezone.now())
    outbox.deliver_due()

    assert mark(person) == "bounced"


def test_what_nobody_knows_is_let_go_after_a_while(postmark):
    old = (timezone.now() - timedelta(hours=1)).isoformat()

    mail_reports.settle({"reports": [["unknown", "bounced"]], "at": old}, "")


@pytest.fixture
def resend(settings):
    """A provider whose newer events anymail doesn't know."""
    settings.EMAIL_BACKEND = "anymail.backends.resend.EmailBackend"
    settings.ANYMAIL = {"RESEND_API_KEY": "k", "WEBHOOK_SECRET": SECRET}


def test_who_waits_for_a_code_that_the_provider_suppressed_is_marked(resend, person):
    sent(person, "m1")

    tell({"type": "email.suppressed", "data": {"email_id": "m1", "to": ["a@example.com"]}})

    assert mark(person) == "bounced"
    assert told("mail.bounced") == 1


def test_what_the_provider_did_not_send_is_told_to_person_and_operator_and_marks_nothing(
    resend, person, caplog
):
    sent(person, "m1")

    with caplog.at_level(logging.ERROR):
        tell(
            {
                "type": "email.failed",
                "data": {"email_id": "m1", "failed": {"reason": "reached_daily_quota"}},
            }
        )

    assert mark(person) == ""
    assert SentMail.objects.get().report == "failed"
    assert told("mail.not_sent") == 1
    assert "did not send it (reached_daily_quota)" in caplog.text


def test_a_message_that_was_not_sent_leaves_the_mark_as_it_was(resend, person):
    sent(person, "m1", minutes_ago=2)
    sent(person, "m2", minutes_ago=1)
    bounced = {"type": "Permanent", "subType": "NoEmail", "message": "It was rejected."}

    tell(
        {"type": "email.bounced", "data": {"email_id": "m1", "bounce": bounced}},
        {"type": "email.failed", "data": {"email_id": "m2", "failed": {"reason": "x"}}},
    )

    assert mark(person) == "bounced"


def test_mail_that_was_refused_for_its_content_holds_nothing_back(mailgun, person, server):
    """One listing of our server would else mark everybody at that mail provider."""
    sent(person, "<m1>")
    refusal = {
        "event": "failed",
        "severity": "permanent",
        "reason": "generic",
        "timestamp": 1700000000.0,
        "message": {"headers": {"message-id": "m1"}},
        "delivery-status": {"code": 550, "message": "5.7.1 likely unsolicited mail"},
    }
    mail_reports.take(
        [mail_provider.tracking_view().esp_to_anymail_event({"event-data": refusal})], "Mailgun"
    )
    outbox.deliver_due()

    assert mark(person) == ""
    assert not mail_standing.is_marked(address_of(person))


@pytest.mark.django_db(transaction=True)
def test_of_two_reports_at_once_both_count(postgresql, person):
    """One says that the first came back, the other that the second arrived."""
    for _ in range(5):
        SentMail.objects.all().delete()
        MailMark.objects.all().delete()
        sent(person, "m1", minutes_ago=2)
        sent(person, "m2", minutes_ago=1)
        start = threading.Barrier(2)

        def tells(name, report, start=start):
            start.wait()
            mail_standing.reported(name, report)
            connection.close()

        both = [("m1", "bounced"), ("m2", "delivered")]
        running = [threading.Thread(target=tells, args=each) for each in both]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()

        assert mark(person) == ""
        assert {each.report for each in SentMail.objects.all()} == {"bounced", "delivered"}


# --- who may call ------------------------------------------------------------------------------


def test_without_a_secret_there_is_no_such_page(settings, postmark, person):
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "t"}
    with pytest.warns(Warning, match="insecure"):
        assert post(bounce("m1")).status_code == 404


def test_a_project_without_a_provider_has_no_such_page(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"

    assert post(bounce("m1")).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Basic cG9zdG1hcms6d3Jvbmc="}, 403),
        ({"authorization": "Basic ��"}, 403),
        ({"authorization": "Bearer x"}, 403),
    ],
)
def test_nobody_else_is_heard(postmark, person, headers, status):
    sent(person, "m1")

    assert post(bounce("m1"), headers).status_code == status
    assert not OutboxMessage.objects.exists()


def test_a_signature_decides_where_the_provider_signs(mailgun, person):
    forged = {
        "signature": {"token": "x", "timestamp": "1", "signature": "00"},
        "event-data": {"event": "failed", "severity": "permanent", "id": "1"},
    }

    assert post(forged, {}).status_code == 403
    assert post(b"{", {}).status_code in (400, 403)


@pytest.mark.parametrize(
    "junk",
    [
        *(b"", b"{", b"\xff\xfe", b"null", b"[]", b"7", b'"x"', b"{}", b'{"RecordType": 7}'),
        *(b'{"RecordType": "Bounce", "Type": [], "MessageID": {"a": 1}}', b"[" * 5000),
        b'{"RecordType": "Delivery", "MessageID": "\\u0000\\ud800", "DeliveredAt": {}}',
    ],
)
def test_junk_is_no_server_error(postmark, junk):
    assert post(junk).status_code in (200, 400)
    outbox.deliver_due()
    assert not MailMark.objects.exists()


@pytest.mark.parametrize("provider", ["brevo", "mailjet", "resend", "sparkpost", "sendgrid"])
@pytest.mark.parametrize(
    "junk",
    [
        *(None, 7, "x", [], {}, [[]], [None], [{}], {"event": {}}, [{"event": []}], {"data": "x"}),
        *({"event": "bounce", "time": "x", "MessageID": []}, [{"msys": 7}], [{"msys": {"a": 7}}]),
        {"type": "email.bounced", "created_at": 7, "data": {"to": 7, "bounce": 7, "headers": 7}},
    ],
    ids=repr,
)
def test_no_provider_has_words_that_are_a_server_error(settings, provider, junk):
    settings.EMAIL_BACKEND = f"anymail.backends.{provider}.EmailBackend"
    settings.ANYMAIL = {f"{provider.upper()}_API_KEY": "k", "WEBHOOK_SECRET": SECRET}

    assert post(junk).status_code in (200, 400)


def test_a_body_is_bounded(postmark):
    assert post(b" " * (1024 * 1024 + 1)).status_code == 413
    assert post(b"{}", CONTENT_LENGTH="-1").status_code == 413
    assert Client().get("/mail/reports").status_code == 405
    assert Client().head("/mail/reports", headers=SIGNED).status_code == 200


def test_a_batch_is_one_row_that_names_nobody(settings, django_assert_max_num_queries):
    settings.EMAIL_BACKEND = "anymail.backends.sendgrid.EmailBackend"
    settings.ANYMAIL = {"SENDGRID_API_KEY": "k", "WEBHOOK_SECRET": SECRET}
    batch = [
        {"event": "bounce", "email": "alice@example.com", "anymail_id": f"m{n}", "type": "bounce"}
        for n in range(300)
    ]
    post(batch)
    OutboxMessage.objects.all().delete()

    with django_assert_max_num_queries(4):
        assert post(batch).status_code == 200

    message = OutboxMessage.objects.get()
    assert "alice" not in message.payload
    assert len(json.loads(message.payload)["reports"]) == 300


def test_the_log_names_nobody(postmark, person, caplog):
    sent(person, "m1")
    with caplog.at_level(logging.DEBUG):
        tell(bounce("m1", Email=address_of(person), Details="alice@example.com is unknown"))
        post(b'{"alice@example.com"')

    assert "alice" not in caplog.text


# --- what follows ------------------------------------------------------------------------------


@pytest.fixture
def bounced(postmark, server, settings, person):
    """A person whose address gets no mail."""
    server.status = 200
    server.asked.clear()
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": server.url}
    sent(person, "m1")
    tell(bounce("m1"))
    return person


def test_notices_are_held_back_and_what_is_needed_goes(bounced, server):
    notifications.notify(bounced, "password_changed")
    link = {"date": "tomorrow", "link": "https://id.example.com/stop/"}
    notifications.notify(bounced, "recovery_started", link)
    mail.send_email(address_of(bounced), "ostiary/mail/erased", {"receipt": "a"}, urgent=True)
    outbox.deliver_due()

    held = OutboxMessage.objects.get(state=State.DROPPED)
    assert "marked" in held.drop_reason
    assert held.payload is None
    assert len(server.asked) == 2


def test_once_it_is_cleared_notices_go_again(bounced, server):
    assert mail_standing.clear(bounced)
    assert not mail_standing.clear(bounced)

    notifications.notify(bounced, "password_changed")
    outbox.deliver_due()

    assert len(server.asked) == 1


def test_another_address_has_no_mark(bounced):
    bounced.email = "new@example.com"

    assert mark(bounced) == ""
    assert not mail_standing.is_marked("new@example.com")
    assert mail_standing.is_marked("ALICE@example.com")


def test_a_mail_server_that_knows_no_such_mailbox_marks_it_too(settings, person, monkeypatch):
    def refuse(self):
        raise smtplib.SMTPRecipientsRefused({address_of(person): (550, b"5.1.1 no such user")})

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    notifications.notify(person, "password_changed")
    outbox.deliver_due()

    assert mark(person) == "bounced"
    assert OutboxMessage.objects.get().state == State.PARKED


def test_a_provider_that_knows_it_from_before_marks_it_too(postmark, server, settings, person):
    server.status = 422
    server.body = json.dumps({"ErrorCode": 406, "Message": INACTIVE}).encode()
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": server.url}
    notifications.notify(person, "password_changed")
    outbox.deliver_due()

    assert mark(person) == "bounced"


def test_what_was_sent_is_noted_for_people_and_nobody_else(postmark, server, settings, person):
    server.status = 200
    server.body = json.dumps(
        {"ErrorCode": 0, "Message": "OK", "MessageID": "p-1", "To": address_of(person)}
    ).encode()
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": server.url}
    for address in (address_of(person), "stranger@example.com"):
        mail.send_email(address, "ostiary/mail/erased", {"receipt": "a"})
    outbox.deliver_due()

    noted = SentMail.objects.get()
    assert (noted.user_id, noted.provider_id) == (person.pk, "p-1")


def test_it_is_erased_with_the_person_and_forgotten_in_time(person, other_person):
    sent(other_person, "old", minutes_ago=31 * 24 * 60)
    sent(other_person, "new")
    sent(person, "m1")
    mail_standing.reported("m1", "bounced")
    cleanup.remove_sent_mail()
    assert {each.provider_id for each in SentMail.objects.all()} == {"new", "m1"}

    personal_data.erase(person)

    assert SentMail.objects.get().provider_id == "new"
    assert not MailMark.objects.exists()
    assert get_user_model()._default_manager.filter(pk=person.pk).exists()
