"""What has ended is removed, in batches, and nothing else (SECURITY H14)."""

import time
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session as DjangoSession
from django.test import Client as Browser
from django.utils import timezone

from ostiary import cleanup, events, outbox, signals
from ostiary.models import Event, Lease, OutboxMessage, SealedEvent, Session, ThrottleCounter
from ostiary.tasks import BEAT_SCHEDULE, clean_up
from tests.ostiary.conftest import sign_in, who

pytestmark = pytest.mark.django_db


def ago(**past) -> object:
    return timezone.now() - timedelta(**past)


@pytest.fixture
def five_sessions(person):
    """Five sessions of Alice."""
    for _ in range(5):
        sign_in(Browser(), person)


def test_a_live_session_outlives_the_clean_up(signed_in_browser):
    clean_up()
    assert who(signed_in_browser)["user"]


def test_expired_sessions_end_in_bounded_batches(five_sessions):
    Session.objects.update(last_seen_at=ago(days=1))

    assert cleanup.end_expired_sessions(batch=2, most=1) == 2
    assert cleanup.end_expired_sessions(batch=2) == 3
    assert set(Session.objects.values_list("end_reason", flat=True)) == {"expired"}


def test_a_listener_that_fails_for_one_session_does_not_keep_the_others(five_sessions, caplog):
    Session.objects.update(last_seen_at=ago(days=1))
    poisoned = Session.objects.order_by("pk")[1].pk

    def fails(sender, session, **_):
        if session.pk == poisoned:
            raise RuntimeError("poisoned")

    signals.session_ended.connect(fails)
    try:
        assert cleanup.end_expired_sessions(batch=2) == 4
        assert cleanup.end_expired_sessions(batch=2) == 0
    finally:
        signals.session_ended.disconnect(fails)
    assert f"Session {poisoned} could not be ended." in caplog.text
    assert cleanup.end_expired_sessions() == 1


def test_ended_sessions_are_forgotten_after_30_days(five_sessions):
    ended = list(Session.objects.values_list("pk", flat=True))
    Session.objects.filter(pk__in=ended[:2]).update(ended_at=ago(days=31))
    Session.objects.filter(pk__in=ended[2:4]).update(ended_at=ago(days=29))

    assert cleanup.remove_ended_sessions() == 2
    assert Session.objects.count() == 3


def test_expired_rows_of_the_session_engine_go(five_sessions):
    keys = list(DjangoSession.objects.values_list("pk", flat=True))
    DjangoSession.objects.filter(pk__in=keys[:2]).update(expire_date=ago(seconds=1))

    cleanup.remove_expired_django_sessions()

    assert DjangoSession.objects.count() == 3


@pytest.mark.parametrize("engine", ["cache", "file"])
def test_engines_without_rows_are_cleaned_by_their_own_means(settings, engine, tmp_path):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    cleanup.remove_expired_django_sessions()


def test_messages_that_are_over_are_forgotten_after_the_days_of_their_kind_and_no_others(ostiary):
    ostiary(OUTBOX_KEEP_DAYS={"default": 30, "mfa.sms": 7})
    for kind, state, finished in (
        ("test", "done", ago(days=31)),
        ("test", "dropped", ago(days=31)),
        ("mfa.sms", "done", ago(days=8)),
        ("test", "done", ago(days=29)),
        ("test", "parked", ago(days=400)),
        ("mfa.sms", "done", ago(days=6)),
        ("test", "pending", None),
    ):
        OutboxMessage.objects.create(kind=kind, state=state, finished_at=finished)

    assert cleanup.remove_delivered_messages() == 3
    assert OutboxMessage.objects.count() == 4


def test_counters_whose_window_has_passed_go():
    ThrottleCounter.objects.create(key="over", hits=1, expires_at=time.time() - 1)
    ThrottleCounter.objects.create(key="runs", hits=1, expires_at=time.time() + 60)

    assert cleanup.remove_throttle_counters() == 1
    assert ThrottleCounter.objects.get().key == "runs"


def test_rows_are_removed_in_bounded_batches(django_assert_num_queries):
    for n in range(5):
        ThrottleCounter.objects.create(key=str(n), hits=1, expires_at=0)
    over = ThrottleCounter.objects.filter(expires_at=0)

    with django_assert_num_queries(2):
        assert cleanup.remove(over, batch=2, most=1) == 2
    assert cleanup.remove(over, batch=2) == 3


def test_the_task_seals_what_committed_very_late():
    events.record("keys.rotated")
    clean_up()
    Event(kind="keys.rotated", at=ago(days=3)).save()
    clean_up()
    assert SealedEvent.objects.count() == 2


def test_one_part_that_fails_does_not_keep_the_others_from_working(monkeypatch, caplog):
    def fails():
        raise RuntimeError("broken")

    monkeypatch.setattr(cleanup, "end_expired_sessions", fails)
    ThrottleCounter.objects.create(key="over", hits=1, expires_at=0)
    clean_up()
    assert "A part of the clean-up failed" in caplog.text
    assert not ThrottleCounter.objects.exists()


class Task:
    """As Celery's, as far as a clean-up needs one."""

    name = "test.cleanup"

    def __init__(self) -> None:
        self.following: list[dict[str, object]] = []

    def apply_async(self, **options: object) -> None:
        self.following.append(options)


@pytest.fixture
def clock(monkeypatch):
    """Stands still until a part lets ``RUN_SECONDS`` go by."""
    now = [0.0]
    monkeypatch.setattr(cleanup.time, "monotonic", lambda: now[0])
    return now


def test_a_clean_up_goes_on_while_there_is_more_and_takes_turns(clock):
    many, few, turns, task = [2000, 1000, 999], [0], [], Task()

    cleanup.keep_up(
        task,
        lambda: turns.append("many") or many.pop(0),
        lambda: turns.append("few") or few.pop(0),
    )

    assert turns == ["many", "few", "many", "many"]
    assert not task.following


def test_one_that_does_not_get_done_hands_over_to_the_next_at_once(clock):
    task, runs = Task(), []

    def endless() -> int:
        runs.append(1)
        clock[0] += cleanup.RUN_SECONDS / 3
        return cleanup.BATCH

    cleanup.keep_up(task, endless)

    assert (len(runs), len(task.following)) == (3, 1)
    assert not Lease.objects.exists()  # the next may begin


def test_two_are_never_at_it_at_the_same_time(clock):
    task, inner = Task(), []

    def meanwhile() -> int:
        cleanup.keep_up(task, lambda: inner.append(1) or 0)
        return 0

    cleanup.keep_up(task, meanwhile)

    assert not inner
    assert not task.following


def test_a_run_is_over_long_before_celery_ends_it(settings):
    assert 2 * cleanup.RUN_SECONDS < settings.CELERY_TASK_SOFT_TIME_LIMIT
    assert settings.CELERY_TASK_TIME_LIMIT < cleanup.LEASE_SECONDS


def test_every_periodic_task_exists_and_none_piles_up_in_the_queue():
    from celery import current_app

    for entry in BEAT_SCHEDULE.values():
        assert entry["task"] in current_app.tasks
        assert entry["options"]["expires"] <= entry["schedule"]
    assert outbox.BROKER_PAUSE_SECONDS < 60
