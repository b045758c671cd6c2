"""Browsers in which a sign-in waits are found by the person."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.utils import timezone

from ostiary import cleanup, personal_data, signin, visits
from ostiary.models import Session, Visit

pytestmark = pytest.mark.django_db


def visitor(request_from):
    """A request of somebody who has a session, and isn't signed in."""
    request = request_from()
    request.user = AnonymousUser()
    request.session = import_module(django_settings.SESSION_ENGINE).SessionStore()
    return request


def stored(key):
    return import_module(django_settings.SESSION_ENGINE).SessionStore(key).load()


@pytest.fixture
def waits(ostiary, person, request_from):
    """A sign-in of Alice that waits for a step; its session's key."""
    ostiary(SIGNIN_STEPS=["tests.ostiary.steps.Code"])
    request = visitor(request_from)
    signin.begin(request, person, amr=["pwd"])
    request.session.save()
    return request.session.session_key


@pytest.mark.parametrize(
    "engine",
    [
        "ostiary.session_engines.db",
        "ostiary.session_engines.cached_db",
        "django.contrib.sessions.backends.db",
        "django.contrib.sessions.backends.cache",
    ],
)
def test_a_sign_in_that_waits_is_forgotten_with_the_person_in_every_engine(
    settings, ostiary, person, other_person, request_from, engine
):
    settings.SESSION_ENGINE = engine
    cache.clear()
    ostiary(SIGNIN_STEPS=["tests.ostiary.steps.Code"])
    keys = {}
    for someone in (person, other_person):
        request = visitor(request_from)
        signin.begin(request, someone, amr=["pwd"])
        request.session.save()
        keys[someone] = request.session.session_key
    assert stored(keys[person])

    erased = personal_data.erase(person)

    assert erased[Visit._meta.label] == 1
    assert not stored(keys[person])
    assert stored(keys[other_person])
    assert Visit.objects.count() == 1


def test_one_that_is_finished_at_once_costs_nothing_and_is_not_noted(person, request_from):
    signin.begin(visitor(request_from), person, amr=["pwd"])

    assert Session.objects.count() == 1
    assert not Visit.objects.exists()


def test_one_that_was_never_finished_is_forgotten_after_a_day(waits):
    Visit.objects.update(began_at=timezone.now() - timedelta(hours=23))
    assert cleanup.forget_old_visits() == 0
    assert stored(waits)

    Visit.objects.update(began_at=timezone.now() - visits.KEPT - timedelta(seconds=1))
    assert cleanup.forget_old_visits() == 1
    assert not stored(waits)
    assert not Visit.objects.exists()
