"""The outbox: what was committed is delivered, what was rolled back never was."""

import json
import logging
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection, transaction
from django.db.models import F

from ostiary import dead_letters, outbox, privacy
from ostiary.conf import ostiary_settings
from ostiary.models import OutboxMessage
from ostiary.outbox import State
from tests.ostiary.handlers import delivered, problems
from tests.parallel import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty():
    delivered.clear()
    problems.clear()
    outbox._broker_paused_until = 0.0


@pytest.fixture
def handed_over(monkeypatch):
    """What would have gone to the broker."""
    ids = []
    monkeypatch.setattr(outbox, "_publish", ids.append)
    return ids


def time_passes(**time: float) -> None:
    """Set everything in the outbox back."""
    past = timedelta(**time)
    OutboxMessage.objects.update(next_attempt_at=F("next_attempt_at") - past)
    OutboxMessage.objects.filter(leased_until__isnull=False).update(
        leased_until=F("leased_until") - past
    )


def enqueue(**payload) -> OutboxMessage:
    message = outbox.enqueue("test", payload or {"n": 1})
    assert message is not None
    return message


# --- writing and handing over -------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_message_is_handed_over_after_the_commit_and_not_before(handed_over):
    with transaction.atomic():
        message = enqueue()
        assert handed_over == []
    assert handed_over == [message]


@pytest.mark.django_db(transaction=True)
def test_a_message_that_was_rolled_back_is_never_sent(handed_over):
    with transaction.atomic():
        enqueue()
        transaction.set_rollback(True)
    assert handed_over == []
    assert outbox.deliver_due() == 0
    assert delivered == []


@pytest.mark.django_db(transaction=True)
def test_one_that_was_rolled_back_in_a_part_is_not_sent_with_the_rest(handed_over):
    with transaction.atomic():
        kept = enqueue(n=1)
        with transaction.atomic():
            enqueue(n=2)
            transaction.set_rollback(True)
    assert handed_over == [kept]


def test_a_message_for_later_is_not_handed_over_and_not_delivered_before(
    handed_over, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        outbox.enqueue("test", {"n": 1}, delay_seconds=60)
    assert handed_over == []
    assert outbox.deliver_due() == 0
    time_passes(seconds=61)
    assert outbox.deliver_due() == 1


def test_with_a_key_repeats_are_one_message():
    assert outbox.enqueue("test", {"n": 1}, key="welcome:1")
    assert outbox.enqueue("test", {"n": 2}, key="welcome:1") is None
    assert outbox.deliver_due() == 1
    assert outbox.enqueue("test", {"n": 3}, key="welcome:1") is None
    assert delivered == [({"n": 1}, "welcome:1")]


@pytest.mark.django_db(transaction=True)
def test_many_who_ask_for_it_at_once_make_one_message(handed_over):
    made = at_once(lambda: outbox.enqueue("test", {}, key="welcome:1"), ways=20)
    assert sum(message is not None for message in made) == 1
    assert OutboxMessage.objects.count() == 1


def test_the_payload_is_encrypted_and_blanked_when_it_is_delivered():
    message = enqueue(link="https://id.example.com/secret")
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload FROM ostiary_outboxmessage")
        assert b"secret" not in bytes(cursor.fetchone()[0])
    assert "secret" not in repr(vars(OutboxMessage.objects.get()))

    outbox.deliver(message.pk)

    assert OutboxMessage.objects.get().payload is None
    assert delivered == [({"link": "https://id.example.com/secret"}, str(message.pk))]


# --- the broker ---------------------------------------------------------------------------------


def in_the_broker() -> list[str]:
    """Everything that lies in the queue, headers and all; takes it away."""
    found = []
    with current_app.connection_for_read() as broker:
        queue = current_app.amqp.queues[ostiary_settings.OUTBOX_QUEUES["normal"]](
            broker.default_channel
        )
        queue.declare()
        while True:
            message = queue.get()
            if message is None:
                return found
            found.append(json.dumps([message.headers, message.payload, message.properties]))
            message.ack()


@pytest.mark.django_db(transaction=True)
def test_the_broker_is_told_an_id_and_nothing_secret():
    in_the_broker()
    message = outbox.enqueue("test", {"code": "493027"}, key="alice@example.com")

    [told] = in_the_broker()

    assert str(message.pk) in told
    assert "493027" not in told
    assert "alice" not in told


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_is_no_error_and_is_left_alone_for_a_while(monkeypatch, caplog):
    asked = []

    def refuses(message_id):
        asked.append(message_id)
        raise ConnectionRefusedError

    monkeypatch.setattr(outbox, "_publish", refuses)
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            enqueue()

    assert len(asked) == 1
    assert "The broker did not take a message (ConnectionRefusedError)" in caplog.text
    assert outbox.deliver_due() == 20


# --- delivering ---------------------------------------------------------------------------------


def test_a_message_is_delivered_once(handed_over):
    message = enqueue()
    assert outbox.deliver(message.pk)
    assert not outbox.deliver(message.pk)
    assert outbox.deliver_due() == 0
    assert len(delivered) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_delivers(handed_over):
    message = enqueue()
    assert sum(at_once(lambda: outbox.deliver(message.pk), ways=20)) == 1
    assert len(delivered) == 1


@pytest.mark.django_db(transaction=True)
def test_sweeps_that_run_at_once_deliver_each_message_once(handed_over):
    for n in range(30):
        enqueue(n=n)
    at_once(outbox.deliver_due, ways=4)
    outbox.deliver_due()
    assert sorted(payload["n"] for payload, _ in delivered) == list(range(30))


def test_a_failure_is_tried_again_later_with_the_same_key():
    message = enqueue()
    problems.append(ConnectionError("no answer"))

    assert not outbox.deliver(message.pk)
    assert outbox.deliver_due() == 0
    time_passes(seconds=8)
    assert outbox.deliver_due() == 1

    assert delivered == [({"n": 1}, str(message.pk))]
    message.refresh_from_db()
    assert (message.state, message.attempts, message.last_error) == (State.DONE, 2, "")


def test_who_says_when_to_come_back_is_not_asked_before():
    message = enqueue()
    problems.append(outbox.RetryAfter("the gateway is busy", 600))

    assert not outbox.deliver(message.pk)
    message.refresh_from_db()
    assert message.last_error == "RetryAfter: the gateway is busy"
    time_passes(seconds=590)
    assert outbox.deliver_due() == 0
    time_passes(seconds=15)
    assert outbox.deliver_due() == 1


def test_the_waiting_time_doubles_with_jitter_up_to_six_hours():
    for attempts in range(1, 40):
        wanted = min(5 * 2 ** (attempts - 1), 6 * 3600)
        delays = {outbox.retry_delay(attempts).total_seconds() for _ in range(50)}
        assert len(delays) > 1
        assert 0.75 * wanted <= min(delays) <= max(delays) <= 1.25 * wanted


def test_a_receiver_that_is_down_for_a_day_gets_its_message():
    attempts = ostiary_settings.OUTBOX_MAX_ATTEMPTS
    waited = [outbox.retry_delay(attempt).total_seconds() / 1.25 for attempt in range(1, attempts)]
    assert sum(waited) > 24 * 3600


def test_after_its_attempts_a_message_is_parked_with_the_reason(ostiary):
    ostiary(OUTBOX_MAX_ATTEMPTS=3)
    message = enqueue()
    for _ in range(5):
        problems.append(ConnectionError("no answer"))
        outbox.deliver(message.pk)
        time_passes(days=1)

    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.PARKED, 3)
    assert message.last_error == "ConnectionError: no answer"


def test_what_cannot_help_is_not_tried_again():
    message = enqueue()
    problems.append(outbox.PermanentFailure("The mail server refused the recipient (550)."))
    outbox.deliver(message.pk)
    message.refresh_from_db()
    assert message.state == State.PARKED
    assert "refused the recipient" in message.last_error


@pytest.mark.parametrize(
    "said",
    [
        "no mailbox for alice@example.com",
        "550 <Alice.Other@Example.COM>: unknown",
        "code 493027 refused",
        "GET https://id.example.com/x?token=abc failed",
        "number +41791234567",
        "{'alice@example.com': (550, b'no')}",
    ],
)
def test_a_reason_tells_nothing_personal_or_secret(said):
    message = outbox.enqueue("test", {"to": "alice@example.com", "code": "493027"})
    problems.append(OSError(said))
    outbox.deliver(message.pk)
    message.refresh_from_db()
    for secret in ("alice", "Alice", "493027", "token", "4179123"):
        assert secret not in message.last_error
    assert message.last_error.startswith("OSError: ")


def test_nothing_of_a_message_is_logged(caplog):
    with caplog.at_level(logging.DEBUG):
        message = outbox.enqueue("test", {"to": "alice@example.com"}, key="k")
        problems.append(OSError("alice@example.com"))
        outbox.deliver(message.pk)
    assert str(message.pk) in caplog.text
    assert "alice" not in caplog.text


def test_a_kind_that_nobody_handles_is_tried_again_for_a_newer_worker_may():
    message = outbox.enqueue("unheard-of", {})
    outbox.deliver(message.pk)
    message.refresh_from_db()
    assert message.state == State.PENDING
    assert "No installed app has a handler" in message.last_error


def test_one_that_cannot_be_decrypted_is_parked_in_the_end_and_stops_no_other(ostiary):
    from tests.ostiary.test_encryption import new_key

    kept = ostiary_settings.FIELD_ENCRYPTION_KEYS
    privacy.person("")  # the site's own key stays readable
    ostiary(FIELD_ENCRYPTION_KEYS=[new_key(), *kept])
    unreadable = enqueue()
    ostiary(FIELD_ENCRYPTION_KEYS=kept, OUTBOX_MAX_ATTEMPTS=1)
    enqueue()
    assert outbox.deliver_due() == 1
    assert OutboxMessage.objects.get(pk=unreadable.pk).state == State.PARKED


def test_a_sweep_of_a_queue_leaves_the_others_alone():
    for queue in (outbox.Queue.BULK, outbox.Queue.URGENT):
        outbox.enqueue("test", {"queue": queue.value}, queue=queue)

    assert outbox.deliver_due(queue="urgent") == 1
    assert [payload["queue"] for payload, _ in delivered] == ["urgent"]
    assert outbox.deliver_due(queue="sms") == 0
    assert outbox.deliver_due() == 1


def test_each_message_goes_into_celerys_queue_for_it(ostiary):
    ostiary(OUTBOX_QUEUES={"urgent": "for.codes"})
    assert outbox.celery_queue(outbox.Queue.URGENT) == {"queue": "for.codes"}
    assert outbox.celery_queue(outbox.Queue.BULK) == {}


# --- workers that die ---------------------------------------------------------------------------


def killed_during(message: OutboxMessage) -> None:
    """What a worker leaves behind that is killed while it delivers."""
    assert outbox._claim(message.pk)


def test_what_a_killed_worker_held_another_delivers_after_the_lease():
    message = enqueue()
    killed_during(message)

    assert outbox.deliver_due() == 0
    time_passes(seconds=301)
    assert outbox.deliver_due() == 1


def test_a_message_that_kills_every_worker_is_parked(ostiary):
    ostiary(OUTBOX_MAX_ATTEMPTS=3)
    message = enqueue()
    for _ in range(3):
        killed_during(message)
        time_passes(seconds=301)

    outbox.deliver_due()

    message.refresh_from_db()
    assert message.state == State.PARKED
    assert message.last_error == "The worker was killed at the last attempt."
    assert delivered == []


def test_a_slow_worker_whose_lease_ran_out_does_not_undo_what_the_second_did(monkeypatch):
    message = enqueue()
    second = []

    def slow(payload, key):
        time_passes(seconds=301)
        if not second:
            second.append(True)
            assert outbox.deliver(message.pk)
            raise ConnectionError("too late")

    monkeypatch.setitem(outbox._handlers, "test", slow)
    outbox.deliver(message.pk)

    message.refresh_from_db()
    assert (message.state, message.last_error) == (State.DONE, "")


def test_a_sweep_ends_in_bounded_time():
    for n in range(5):
        enqueue(n=n)
    assert outbox.deliver_due(limit=2) == 2
    assert outbox.deliver_due(seconds=0) == 0
    assert outbox.deliver_due() == 3


# --- what operators do --------------------------------------------------------------------------


@pytest.fixture
def parked():
    message = enqueue()
    problems.append(outbox.PermanentFailure("no"))
    outbox.deliver(message.pk)
    message.refresh_from_db()
    return message


def test_a_parked_message_is_retried_with_all_its_attempts(
    parked, handed_over, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        assert dead_letters.retry(parked)
    assert handed_over == [parked]
    parked.refresh_from_db()
    assert (parked.state, parked.attempts) == (State.PENDING, 0)
    assert outbox.deliver_due() == 1


def test_only_what_is_parked_is_retried():
    message = enqueue()
    assert not dead_letters.retry(message)
    outbox.deliver(message.pk)
    assert not dead_letters.retry(message)


def test_a_dropped_message_is_blanked_and_never_sent(parked):
    assert dead_letters.drop(parked, "Sent by post.")
    assert not dead_letters.retry(parked)
    assert outbox.deliver_due() == 0
    parked.refresh_from_db()
    assert (parked.state, parked.payload) == (State.DROPPED, None)
    assert parked.drop_reason == "Sent by post."
    assert "PermanentFailure" in parked.last_error


def test_what_a_worker_holds_now_is_not_dropped():
    message = enqueue()
    killed_during(message)
    assert not dead_letters.drop(message, "No.")
    time_passes(seconds=301)
    assert dead_letters.drop(message, "No.")
