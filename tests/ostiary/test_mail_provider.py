"""Email by a provider's API: django-anymail against a server that does what providers do."""

import importlib
import json
import subprocess
import sys

import pytest

from ostiary import mail, mail_failures, mail_provider, outbox
from ostiary.models import OutboxMessage
from ostiary.outbox import State
from tests.faults.fake_gateway import fake_gateway
from tests.oauth.far_end import far_end

pytestmark = pytest.mark.django_db

RESEND = "ostiary.resend_backend.EmailBackend"
INACTIVE = {
    "ErrorCode": 406,
    "Message": "You tried to send to recipient(s) that have been marked as inactive. "
    "Found inactive addresses: alice@example.com. Inactive recipients are ones that …",
}


@pytest.fixture(scope="module")
def gateway():
    with fake_gateway() as serving:
        yield serving


@pytest.fixture(scope="module")
def server():
    with far_end() as serving:
        yield serving


@pytest.fixture
def resend(settings, gateway):
    """A provider that takes our key twice for one message."""
    gateway.sent.clear()
    gateway.requests.clear()
    settings.EMAIL_BACKEND = RESEND
    settings.ANYMAIL = {"RESEND_API_KEY": "re_1", "RESEND_API_URL": gateway.url}
    return gateway


@pytest.fixture
def postmark(settings, server):
    server.status = 200
    server.asked.clear()
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "t", "POSTMARK_API_URL": server.url}
    return server


def send():
    mail.send_email("alice@example.com", "ostiary/mail/erased", {"receipt": "a.b.c"})
    message = OutboxMessage.objects.latest("pk")
    outbox.deliver(message.pk)
    message.refresh_from_db()
    return message


def again(message):
    OutboxMessage.objects.filter(pk=message.pk).update(next_attempt_at=message.created_at)
    outbox.deliver(message.pk)
    message.refresh_from_db()
    return message.state


def test_text_html_and_headers_arrive(resend):
    message = send()

    assert message.state == State.DONE
    [sent] = resend.sent.values()
    assert sent["to"] == ["alice@example.com"]
    assert "a.b.c" in sent["text"]
    assert "a.b.c" in sent["html"]
    assert sent["headers"] == {
        "Message-ID": mail.message_id(str(message.pk)),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }


def test_an_answer_that_was_lost_sends_nothing_twice_where_the_provider_takes_our_key(resend):
    resend.faults = ["take-and-drop"]
    message = send()
    assert message.state == State.PENDING

    assert again(message) == State.DONE
    keys = {headers["Idempotency-Key"] for headers, _ in resend.requests}
    assert keys == {mail.message_id(str(message.pk)).strip("<>")}
    assert len(resend.requests) == 2
    assert len(resend.sent) == 1


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("400", State.PARKED),
        ("413", State.PARKED),
        ("422", State.PARKED),
        ("401", State.PENDING),
        ("403", State.PENDING),
        ("404", State.PENDING),
        ("409", State.PENDING),
        ("429:7200", State.PENDING),
        ("500", State.PENDING),
        ("503:60", State.PENDING),
        ("302", State.PENDING),
        ("drop", State.PENDING),
    ],
)
def test_what_is_refused_for_good_is_parked_and_all_else_tried_again(resend, fault, state):
    resend.faults = [fault]
    message = send()

    assert message.state == state
    assert message.last_error
    assert "alice" not in message.last_error
    if fault[0].isdigit():
        assert f"({fault[:3]} 21211)" in message.last_error  # its status, and its own code


def test_it_is_left_alone_for_as_long_as_it_says_within_reason(resend):
    resend.faults = ["429:7200"]
    message = send()

    waits = (message.next_attempt_at - message.created_at).total_seconds()
    assert 3590 < waits < 3610


def test_a_provider_that_is_down_delays_the_message(settings, resend):
    settings.ANYMAIL = {**settings.ANYMAIL, "RESEND_API_URL": "http://127.0.0.1:9/"}
    message = send()

    assert message.state == State.PENDING
    assert "could not be asked (ConnectionError)" in message.last_error


def test_a_recipient_that_the_provider_refuses_is_parked(postmark):
    postmark.status, postmark.body = 422, json.dumps(INACTIVE).encode()
    message = send()

    assert message.state == State.PARKED
    assert message.last_error == "PermanentFailure: The mail provider refused the recipient."


def test_what_a_provider_does_not_say_it_took_is_parked(postmark):
    postmark.status = 422
    postmark.body = json.dumps({**INACTIVE, "Message": "In other words."}).encode()

    assert send().last_error == "PermanentFailure: The mail provider did not take the message."


def test_an_answer_that_is_none_is_asked_for_again(postmark):
    postmark.body = b"<html>Sign in to the hotel's network</html>"

    assert "can't be read (200)" in send().last_error


def test_what_a_provider_cannot_carry_is_parked_with_its_reason(postmark):
    mail.send_email("alice@", "ostiary/mail/erased", {"receipt": "a.b.c"})
    message = OutboxMessage.objects.latest("pk")
    outbox.deliver(message.pk)

    message.refresh_from_db()
    assert message.state == State.PARKED
    assert message.last_error == "PermanentFailure: The mail provider can't send it: " + (
        "AnymailInvalidAddress."
    )
    assert postmark.asked == []


def test_without_anymail_all_else_works():
    """Another process, in which it can't be imported."""
    code = """
import sys
sys.modules["anymail"] = None
import django
django.setup()
from django.core import checks
from ostiary import mail_failures
assert mail_failures.told(ValueError()) is None
assert not [found for found in checks.run_checks() if found.is_serious()]
"""
    env = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert mail_failures.told(ValueError()) is None


def test_nobody_who_reads_a_message_is_followed(postmark):
    send()

    [(_, _, body)] = postmark.asked
    asked = json.loads(body)
    assert asked["TrackOpens"] is False
    assert asked["TrackLinks"] == "None"


@pytest.mark.parametrize("provider", sorted(mail_provider.CAN_TRACK))
def test_each_of_these_can_be_told_so(provider):
    backend = importlib.import_module(f"anymail.backends.{provider}")
    payload = next(each for name, each in vars(backend).items() if name.endswith("Payload"))

    assert {"set_track_opens", "set_track_clicks"} <= {*dir(payload)}
