"""``kill -9`` at every point of an erasure: it ends complete, and once (SECURITY F2)."""

from __future__ import annotations

import os
import random
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.db import connection, connections

from ostiary import erasure
from ostiary.models import Erasure, OutboxMessage
from tests.faults import kill_points
from tests.faults.brokers import OwnRedis
from tests.faults.conftest import Mailroom, eventually
from tests.faults.erased import (
    Place,
    ask_and_work,
    leases_run_out,
    nothing_is_left,
    place,
    recover,
)

pytestmark = [pytest.mark.needs("accounts"), pytest.mark.django_db(transaction=True)]

ROUNDS = int(os.environ.get("ERASURE_KILL_ROUNDS", "3"))
SEED = int(os.environ.get("ERASURE_KILL_SEED", "20261129"))
EVERY = int(os.environ.get("EVERY", "2" if connection.vendor == "sqlite" else "6"))
"""Of so many points one is tried: fewer on PostgreSQL, where a killed process leaves no half file
behind, and which has a true worker beside. ``EVERY=1`` tries each."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Place]:
    """Where people are erased."""
    with place(tmp_path) as found:
        yield found


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[OwnRedis]:
    """A broker that can be killed, to which this process and its children hand over."""
    started = OwnRedis(tmp_path)
    before = current_app.conf.broker_write_url
    current_app.conf.broker_write_url = started.url
    yield started
    current_app.conf.broker_write_url = before
    started.clean_up("")


def in_child(job: Callable[[], None]) -> int:
    """Do it in a process of its own; its exit code, or minus the signal that killed it."""
    connections.close_all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the receiver alone has threads
        child = os.fork()
    if child == 0:
        code = 1
        try:
            job()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def struck_at(wanted: str, subject: str, strike: Callable[[], None]) -> int:
    """Ask for the erasure, and work at it, in a process that strikes once it comes to a point."""

    def job() -> None:
        left = {wanted}

        def reached(point: str) -> None:
            if point in left:
                left.clear()
                strike()

        kill_points.install(reached)
        ask_and_work(subject)

    return in_child(job)


def kill_myself() -> None:
    """``kill -9``."""
    os.kill(os.getpid(), signal.SIGKILL)


def every_point(site: Place, folder: Path) -> list[str]:
    """What an erasure that nobody kills comes to, in order, each point once."""
    person, file = site.person("nobody-kills"), folder / "points"

    def job() -> None:
        with file.open("w") as points:
            kill_points.install(lambda point: print(point, file=points))
            ask_and_work(str(person.pk))

    assert in_child(job) == 0
    assert list(site.problems(str(person.pk), person.email, {})) == []
    return list(dict.fromkeys(file.read_text().splitlines()))


def enumerated(points: list[str]) -> list[str]:
    """All but the single statements, of which each step has the one half-way."""
    half = {kill_points.half_way(points, step) for step in erasure.steps()}
    return [point for point in points if ": statement " not in point or point in half]


def repeats_at(point: str) -> dict[str, int]:
    """What is told twice if its process is killed there: it was told, and that is not noted yet."""
    kind, _, at = point.partition(": ")
    untold = {"sent", "commits"} if kind.startswith("oauth.") else {"sent", "handled"}
    return {kind: 1} if at in untold else {}


def test_a_worker_killed_at_each_point_leaves_it_to_end_complete_and_once(site, tmp_path):
    chosen = enumerated(every_point(site, tmp_path))
    for step in erasure.steps():
        of_step = [point for point in chosen if point.startswith(f"{step}: ")]
        assert len(of_step) >= 4, "begun, half-way, about to commit, committed"
    assert len(chosen) >= 30
    wrong = {}
    for number, point in list(enumerate(chosen))[::EVERY]:
        person = site.person(f"killed-{number}")
        code = struck_at(point, str(person.pk), kill_myself)
        recover(str(person.pk))
        found = list(site.problems(str(person.pk), person.email, repeats_at(point)))
        if code != -signal.SIGKILL or found:
            wrong[point] = (code, found)
    assert wrong == {}
    nothing_is_left()


def test_a_broker_killed_at_each_step_and_hand_over_keeps_nothing_from_being_done(
    site, tmp_path, broker
):
    chosen = [
        point for point in every_point(site, tmp_path) if point.endswith((": begun", "handed over"))
    ]
    assert len(chosen) > len(erasure.steps())
    wrong = {}
    for number, point in list(enumerate(chosen))[::EVERY]:
        if broker.is_down():
            broker.come_back()
        person = site.person(f"without-{number}")
        code = struck_at(point, str(person.pk), broker.go_down)
        broker.process.wait(timeout=60)
        recover(str(person.pk))
        found = list(site.problems(str(person.pk), person.email, {}))
        if code != 0 or found:
            wrong[point] = (code, found)
    assert wrong == {}
    nothing_is_left()


def test_workers_killed_anywhere_again_and_again_end_it_complete_and_once(site, tmp_path):
    points = every_point(site, tmp_path)
    dice = random.Random(SEED)
    for number in range(ROUNDS):
        person, struck = site.person(f"again-{number}"), []
        while struck_at(point := dice.choice(points), str(person.pk), kill_myself):
            struck.append(point)
            leases_run_out()
        recover(str(person.pk))
        times = {message.partition(": ")[0]: len(struck) for message in struck}
        found = list(site.problems(str(person.pk), person.email, times))
        assert found == [], (SEED, number, struck)
    nothing_is_left()


class ErasureRoom(Mailroom):
    """A true worker, which strikes itself and its broker."""

    app = "tests.faults.erasing_worker"

    def blows(self) -> int:
        """How many have still to fall."""
        return len((self.folder / "blows").read_text().splitlines())

    def tend(self, broker: OwnRedis) -> bool:
        """Start anew what is dead; whether all is done."""
        if broker.is_down():
            broker.come_back()
            (self.folder / "broker.pid").write_text(str(broker.process.pid))
        if self.workers[-1].poll() is not None:
            self.workers.pop()
            self.start_worker()
        open_ones = OutboxMessage.objects.filter(state=OutboxMessage.State.PENDING)
        under_way = Erasure.objects.exclude(state=Erasure.State.DONE)
        return not open_ones.exists() and not under_way.exists()


BLOWS = """\
worker ostiary_oauth: commits
broker drop_messages: begun
worker sign_receipt: committed
worker oauth.account_purged: sent
"""


def test_true_workers_and_a_true_broker_killed_by_turns_end_it_complete_and_once(
    postgresql, site, tmp_path, broker
):
    person = site.person("by-turns")
    (tmp_path / "blows").write_text(BLOWS)
    (tmp_path / "broker.pid").write_text(str(broker.process.pid))
    room = ErasureRoom(tmp_path, broker)
    try:
        erasure.request(person, grace=timedelta())
        room.start_worker()
        for left in reversed(range(len(BLOWS.splitlines()))):
            eventually(lambda left=left: room.tend(broker) or room.blows() <= left, "a blow falls")
        eventually(lambda: room.tend(broker), "all is done")
    finally:
        room.kill_worker()
        room.log.close()

    assert room.blows() == 0
    repeats = {"oauth.account_purged": 1}
    assert list(site.problems(str(person.pk), person.email, repeats)) == []
    nothing_is_left()
