"""Our session engines: what Django's do, and a new key by one statement (SECURITY C6)."""

import asyncio
import uuid
from importlib import import_module

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session as Row
from django.core.cache import cache
from django.db import connection

from tests.accounts.flow import statements


@pytest.fixture(params=["db", "cached_db"])
def store(request, settings, db):
    """The class of each engine, the cached one over a real Redis."""
    if request.param == "cached_db":
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": request.getfixturevalue("redis_url"),
                "KEY_PREFIX": uuid.uuid4().hex,
            }
        }
    return import_module(f"ostiary.session_engines.{request.param}").SessionStore


@pytest.fixture
def kept(store):
    """A session in which something is kept, as the next request finds it."""
    session = store()
    session["kept"] = "yes"
    session.save()
    return store(session.session_key)


def found(store, key):
    """What a browser with this key gets."""
    return dict(store(key).items())


def test_a_new_session_costs_one_statement(store):
    session = store()
    session["kept"] = "yes"
    with statements() as done:
        session.save()

    assert len(done) == 1
    assert found(store, session.session_key) == {"kept": "yes"}


def test_a_new_key_costs_one_statement_however_often_it_changes_before_it_is_saved(store, kept):
    left = kept.session_key
    kept["more"] = "yes"
    with statements() as done:
        kept.cycle_key()
        passing = kept.session_key
        kept.cycle_key()
        kept.save()

    assert len({left, passing, kept.session_key}) == 3
    assert len(done) == 1
    assert found(store, kept.session_key) == {"kept": "yes", "more": "yes"}
    assert found(store, left) == found(store, passing) == {}
    assert Row.objects.count() == 1


def test_a_key_that_was_left_opens_nothing_though_the_session_was_cached(store, kept):
    left = kept.session_key
    found(store, left)
    kept.cycle_key()
    kept.save()

    assert found(store, left) == {}
    assert not store(left).exists(left)


def test_until_it_is_saved_nothing_of_the_new_is_behind_the_old_key(store, kept):
    left = kept.session_key
    kept["signed in"] = "as Alice"
    kept.cycle_key()

    assert found(store, left) == {"kept": "yes"}
    assert found(store, kept.session_key) == {}


def test_who_still_has_the_left_key_writes_nothing_any_more(store, kept):
    """Another tab, whose request began before."""
    meanwhile = store(kept.session_key)
    meanwhile["late"] = "yes"
    kept.cycle_key()
    kept.save()

    with pytest.raises(UpdateError):
        meanwhile.save()
    assert found(store, kept.session_key) == {"kept": "yes"}


def test_of_two_that_leave_one_key_each_gets_a_session_of_its_own(store, kept):
    other = store(kept.session_key)
    other["other"] = "yes"
    kept["kept"] = "still"
    for session in (kept, other):
        session.cycle_key()
        session.save()

    assert found(store, kept.session_key) == {"kept": "still"}
    assert found(store, other.session_key) == {"kept": "yes", "other": "yes"}


def test_a_key_that_nobody_was_given_becomes_no_sessions_key(store):
    made_up = "a" * 32
    session = store(made_up)
    session["kept"] = "yes"
    session.cycle_key()
    session.save()

    assert session.session_key != made_up
    assert found(store, made_up) == {}


@pytest.mark.parametrize("end", ["flush", "delete", "create"])
def test_what_ends_it_before_it_is_saved_ends_it_under_the_left_key_too(store, kept, end):
    left = kept.session_key
    found(store, left)
    kept.cycle_key()
    getattr(kept, end)()

    assert found(store, left) == {}
    assert not Row.objects.filter(pk=left).exists()
    kept["new"] = "yes"
    kept.save()
    assert found(store, kept.session_key)["new"] == "yes"
    assert Row.objects.count() == 1


def test_deleting_one_by_its_key_leaves_the_others(store, kept):
    other = store()
    other.save()
    kept.cycle_key()
    with statements() as done:
        kept.delete(other.session_key)
    kept.save()

    assert len(done) == 1
    assert list(Row.objects.values_list("pk", flat=True)) == [kept.session_key]


def test_a_session_of_djangos_own_engine_goes_on_and_back(store, kept, settings):
    django = import_module(f"django.contrib.sessions.backends.{store.__module__.split('.')[-1]}")
    key = kept.session_key
    cache.clear()

    assert found(django.SessionStore, key) == {"kept": "yes"}
    assert found(store, key) == {"kept": "yes"}


@pytest.mark.django_db(transaction=True)
def test_it_is_the_same_where_there_is_an_event_loop(store, kept):
    left = kept.session_key

    async def change() -> None:
        await kept.aset("more", "yes")
        await kept.acycle_key()
        await kept.asave()
        await close_connection()

    async def end() -> None:
        await kept.aflush()
        await close_connection()

    # That of the thread that works for event loops, which stays: else the test database does, too.
    close_connection = sync_to_async(lambda: connection.close())
    asyncio.run(change())

    assert found(store, kept.session_key) == {"kept": "yes", "more": "yes"}
    assert found(store, left) == {}
    asyncio.run(end())
    assert Row.objects.count() == 0
