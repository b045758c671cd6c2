"""An identifier is used once, however many ask at once (SECURITY B4, B7)."""

import time
import uuid
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.utils import timezone

from oauth import cleanup, replay
from oauth.models import UsedIdentifier
from tests.parallel import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["database", "shared cache"])
def store(request, settings):
    """Where used identifiers are kept."""
    alias = ""
    if request.param == "shared cache":
        url = request.getfixturevalue("redis_url")
        alias = "replay"
        settings.CACHES = {
            **settings.CACHES,
            "replay": {
                "BACKEND": "idp_site.cache.RedisCache",
                "LOCATION": url,
                "KEY_PREFIX": uuid.uuid4().hex,
            },
        }
    settings.OSTIARY_OAUTH = {"REPLAY_CACHE": alias}


def used(identifier: str, purpose: str = "dpop", seconds: float = 60) -> bool:
    return replay.first_use(purpose, identifier, time.time() + seconds)


def test_of_50_parallel_uses_of_one_identifier_one_is_the_first(store):
    assert at_once(lambda: used("a")).count(True) == 1


def test_identifiers_of_different_purposes_are_different(store):
    assert used("b")
    assert used("b", purpose="client_assertion")
    assert not used("b")


def test_h1_what_was_used_stays_so_though_every_cache_is_emptied(settings):
    """The database keeps it, unless a site has chosen a cache for it."""
    settings.OSTIARY_OAUTH = {}
    assert used("c")
    for each in caches.all():
        each.clear()

    assert not used("c")


def test_any_text_is_an_identifier(store):
    for identifier in ("", "\x00", "\ud800", "é" * 5000):
        assert used(identifier)
        assert not used(identifier)


def test_a_cache_that_cannot_answer_refuses(settings):
    settings.CACHES = {
        **settings.CACHES,
        "replay": {"BACKEND": "idp_site.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1"},
    }
    settings.OSTIARY_OAUTH = {"REPLAY_CACHE": "replay"}

    assert not used("c")


def test_clean_up_removes_what_has_expired_and_nothing_else(settings):
    settings.OSTIARY_OAUTH = {}
    used("old")
    UsedIdentifier.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    used("new")

    assert cleanup.remove_used_identifiers() == 1
    assert not used("new")
    assert used("old")
