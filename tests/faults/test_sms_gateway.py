"""Text messages through a gateway that hangs, breaks, is busy and repeats itself: none is lost, and
none is sent twice within one idempotency key (SECURITY D2, F1)."""

import hashlib
import hmac
import json
import logging
import time
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client as Browser
from django.utils import timezone

from mfa import personal_data
from mfa.models import TextMessage
from mfa.sms import gateway as gateways
from mfa.sms import http, sending, twilio
from ostiary import outbox
from ostiary.models import Event, OutboxMessage
from tests.faults.fake_gateway import fake_gateway
from tests.mfa import texting

pytestmark = [pytest.mark.needs("mfa"), pytest.mark.django_db]

State = TextMessage.State
SECRET = "a secret of the gateway and of this site"
WORDS = "123456 is your code.\n\n@localhost #123456"


@pytest.fixture
def gateway(settings, monkeypatch):
    """The site sends by a gateway on this machine, and waits for it for a moment only."""
    monkeypatch.setattr(http, "SECONDS", 0.5)
    with fake_gateway() as found:
        settings.OSTIARY_MFA = {
            **texting.SETTINGS,
            "SMS_BACKEND": "mfa.sms.gateway.GatewayBackend",
            "SMS_GATEWAY_URL": f"{found.url}/sms",
            "SMS_GATEWAY_SECRET": SECRET,
            "SMS_SENDER": "Example",
        }
        yield found


@pytest.fixture
def by_twilio(gateway, settings, monkeypatch):
    """The same by Twilio's API."""
    monkeypatch.setattr(twilio, "API", gateway.url)
    settings.OSTIARY_MFA = {
        **settings.OSTIARY_MFA,
        "SMS_BACKEND": "mfa.sms.twilio.TwilioBackend",
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "12345",
    }
    return gateway


@pytest.fixture
def message(db):
    """One text message on its way to Alice."""
    model = get_user_model()
    alice = model._default_manager.create(**{model.USERNAME_FIELD: "alice@example.com"})
    phone = texting.make_phone(alice)
    expires = timezone.now() + timedelta(minutes=10)
    return sending.enqueue(alice, phone, WORDS, expires)


def work(times=1):
    """Have the worker try whatever waits, as often, however long it was to wait."""
    for _ in range(times):
        OutboxMessage.objects.filter(state="pending").update(next_attempt_at=timezone.now())
        outbox.deliver_due()


def state(message):
    message.refresh_from_db()
    return message.state


@pytest.mark.parametrize("fault", ["hang", "drop", "take-and-drop", "500", "502", "503", "429:7"])
def test_whatever_goes_wrong_it_is_sent_once_and_under_one_key(gateway, message, fault):
    gateway.faults = [fault, fault]
    work(2)
    assert state(message) == State.QUEUED
    work()
    assert state(message) == State.SENT
    assert message.name_at_gateway == "theirs"
    [sent] = gateway.sent.values()
    assert (sent["id"], sent["to"], sent["text"]) == (str(message.pk), texting.NUMBER, WORDS)
    assert len({headers["Idempotency-Key"] for headers, _ in gateway.requests}) == 1
    work(2)
    assert len(gateway.requests) == 3


def test_a_gateway_that_is_away_altogether_is_asked_again(gateway, message, settings):
    url = settings.OSTIARY_MFA["SMS_GATEWAY_URL"]
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, "SMS_GATEWAY_URL": "http://127.0.0.1:1/"}
    work()
    assert state(message) == State.QUEUED
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, "SMS_GATEWAY_URL": url}
    work()
    assert state(message) == State.SENT


@pytest.mark.parametrize("fault", ["429:600", "503:600", "500:600", "403:600"])
def test_it_is_not_asked_before_the_time_that_it_names(gateway, message, fault):
    gateway.faults = [fault]
    work()
    waits = OutboxMessage.objects.get(state="pending").next_attempt_at - timezone.now()
    assert waits.total_seconds() > 500


@pytest.mark.parametrize("fault", ["400", "422"])
def test_what_it_refuses_for_good_is_told_and_not_sent_again(gateway, message, fault):
    gateway.faults = [fault]
    work(2)
    assert state(message) == State.FAILED
    assert message.reason == f"The gateway answers {fault}"
    assert len(gateway.requests) == 1
    assert Event.objects.get(kind="sms.failed").details["country"] == "DE"


def test_a_redirect_is_not_followed(gateway, message):
    gateway.faults = ["307"]
    work()
    assert state(message) == State.QUEUED
    assert not gateway.sent


def test_a_code_that_has_expired_is_not_sent(gateway, message, monkeypatch):
    later = timezone.now() + timedelta(minutes=11)
    monkeypatch.setattr(timezone, "now", lambda: later)
    work()
    assert state(message) == State.FAILED
    assert not gateway.requests


@pytest.mark.parametrize("gone", ["erase", "delete"])
def test_a_message_of_someone_erased_is_not_sent(gateway, message, gone):
    if gone == "erase":
        personal_data.erase(message.user)
    else:
        message.user.delete()
    work()
    assert not gateway.requests
    assert not OutboxMessage.objects.filter(state="pending").exists()


def test_its_requests_are_signed(gateway, message):
    work()
    [(headers, body)] = gateway.requests
    signed = headers["Ostiary-Timestamp"].encode() + b"." + body
    wanted = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["Ostiary-Signature"] == f"sha256={wanted}"
    assert abs(time.time() - int(headers["Ostiary-Timestamp"])) < 60


def test_neither_number_nor_code_is_logged_whatever_happens(gateway, message, caplog):
    caplog.set_level(logging.DEBUG)
    gateway.faults = ["hang", "drop", "500", "429:7", "400"]
    work(5)
    assert state(message) == State.FAILED
    kept = caplog.text + str(list(OutboxMessage.objects.values())) + str(Event.objects.values())
    assert "123456" not in kept


# --- Twilio --------------------------------------------------------------------------------------


def test_twilio_gets_its_form(by_twilio, message):
    work()
    assert state(message) == State.SENT
    assert message.name_at_gateway == "SM1"
    [(headers, _)] = by_twilio.requests
    assert headers["Authorization"] == "Basic QUMxOjEyMzQ1"
    [form] = by_twilio.sent.values()
    assert form == {
        "To": texting.NUMBER,
        "From": "Example",
        "Body": WORDS,
        "StatusCallback": f"http://localhost:8000/sms/status/{message.pk}/",
    }


@pytest.mark.parametrize("fault", ["429:7", "503"])
def test_twilio_is_asked_again_where_nothing_has_gone_out(by_twilio, message, fault):
    by_twilio.faults = [fault]
    work(2)
    assert state(message) == State.SENT
    assert len(by_twilio.sent) == 1


@pytest.mark.parametrize("fault", ["hang", "drop", "take-and-drop", "500"])
def test_twilio_is_never_sent_again_what_may_have_gone_out(by_twilio, message, fault):
    by_twilio.faults = [fault]
    work(3)
    assert state(message) == State.FAILED
    assert "may have gone out" in message.reason
    assert len(by_twilio.requests) == 1


def test_twilio_is_never_sent_again_what_a_killed_worker_had_in_hand(by_twilio, message):
    TextMessage.objects.update(state=State.SENDING)
    work(2)
    assert state(message) == State.FAILED
    assert not by_twilio.requests


def test_twilio_says_why_it_refuses(by_twilio, message):
    by_twilio.faults = ["400"]
    work()
    assert state(message) == State.FAILED
    assert message.reason == "Twilio answers 400 21211"


# --- what is told of the delivery ----------------------------------------------------------------


def tell(message, told, *, secret=SECRET, at=None):
    """Tell, as the gateway does."""
    body = json.dumps(told).encode()
    stamp = str(int(time.time()) if at is None else at)
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return (
        Browser()
        .post(
            f"/sms/status/{message.pk}/",
            body,
            "application/json",
            headers={gateways.TIMESTAMP: stamp, gateways.SIGNATURE: f"sha256={digest}"},
        )
        .status_code
    )


def test_what_is_told_is_kept_and_repeats_do_no_harm(gateway, message):
    work()
    for _ in range(3):
        assert tell(message, {"state": "delivered"}) == 204
    assert state(message) == State.DELIVERED
    for late in ("failed", "sent"):
        assert tell(message, {"state": late}) == 204
        assert state(message) == State.DELIVERED


def test_a_failure_is_told_once_and_a_delivery_after_it_counts(gateway, message):
    work()
    for _ in range(3):
        assert (
            tell(message, {"state": "failed", "reason": "no such number +4915123456789\x00"}) == 204
        )
    assert state(message) == State.FAILED
    assert message.reason == "no such number …"
    assert Event.objects.filter(kind="sms.failed").count() == 1
    assert tell(message, {"state": "delivered"}) == 204
    assert state(message) == State.DELIVERED


def test_a_report_before_the_answer_to_the_request_counts(gateway, message):
    assert tell(message, {"state": "delivered"}) == 204
    work()
    assert state(message) == State.DELIVERED


def test_a_report_that_the_gateway_did_not_sign_changes_nothing(gateway, message):
    work()
    assert tell(message, {"state": "failed"}, secret="another") == 403
    assert tell(message, {"state": "failed"}, at=int(time.time()) - 400) == 403
    assert tell(message, {"state": "failed"}, at="soon") == 403
    assert Browser().post(f"/sms/status/{message.pk}/").status_code == 403
    assert Browser().get(f"/sms/status/{message.pk}/").status_code == 405
    assert state(message) == State.SENT


def test_without_a_secret_nothing_counts_as_signed(gateway, message, settings):
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, "SMS_GATEWAY_SECRET": ""}
    assert tell(message, {"state": "failed"}, secret="") == 403


@pytest.mark.parametrize("told", [[], None, {"state": 5}, {"state": {}}, {"state": "x" * 9999}])
def test_a_signed_report_of_anything_is_no_error(gateway, message, told):
    assert tell(message, told) == 204
    assert state(message) == State.QUEUED


def test_a_signed_report_of_no_message_of_ours_is_not_found(gateway, message):
    TextMessage.objects.all().delete()
    assert tell(message, {"state": "delivered"}) == 404


def test_the_signature_of_twilio_is_that_of_its_manual():
    from django.http import QueryDict

    form = QueryDict(
        "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309"
        "&To=%2B18005551212"
    )
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio.signature(url, form, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_twilios_reports_are_believed_by_their_signature(by_twilio, message):
    work()
    url = f"/sms/status/{message.pk}/"
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"}
    from django.http import QueryDict

    query = QueryDict(mutable=True)
    query.update(form)
    right = twilio.signature(f"http://localhost:8000{url}", query, "12345")
    assert Browser().post(url, form, headers={"X-Twilio-Signature": "x"}).status_code == 403
    assert state(message) == State.SENT
    assert Browser().post(url, form, headers={"X-Twilio-Signature": right}).status_code == 204
    assert state(message) == State.FAILED
    assert message.reason == "30003"
