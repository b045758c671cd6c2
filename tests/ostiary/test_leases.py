"""Of two who want to be at the same work, one is."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, connections
from django.utils import timezone

from ostiary import leases
from ostiary.models import Lease


@pytest.mark.django_db
def test_one_holds_it_until_the_end():
    with leases.held("work", 60) as first:
        with leases.held("work", 60) as second, leases.held("other work", 60) as other:
            assert (first, second, other) == (True, False, True)
        with leases.held("work", 60) as third:
            assert not third
    with leases.held("work", 60) as again:
        assert again
    assert not Lease.objects.exists()


@pytest.mark.django_db
def test_it_ends_when_the_work_fails():
    with pytest.raises(RuntimeError), leases.held("work", 60):
        raise RuntimeError
    with leases.held("work", 60) as again:
        assert again


@pytest.mark.django_db
def test_what_a_killed_process_held_is_taken_when_its_time_is_over_and_not_given_back_by_it():
    with leases.held("work", 60) as late:
        Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
        taken = leases.held("work", 60)
        assert (late, taken.__enter__()) == (True, True)
    assert Lease.objects.filter(name="work", until__gt=timezone.now()).exists()
    taken.__exit__(None, None, None)
    assert not Lease.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("was_held", [False, True])
def test_of_many_at_once_one_gets_it(was_held):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer.")
    if was_held:
        Lease.objects.create(name="work", until=timezone.now() - timedelta(seconds=1))
    start, end, got = Barrier(5), Barrier(5), []

    def work() -> None:
        start.wait()
        with leases.held("work", 60) as mine:
            got.append(mine)
            end.wait()
        connections.close_all()

    threads = [Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(got) == [False] * 4 + [True]
