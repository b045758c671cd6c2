"""A Redis that is away is an empty cache (SECURITY G4)."""

import pytest

from idp_site.cache import RedisCache
from ostiary.session_engines.cached_db import SessionStore
from tests.machine import free_port


@pytest.fixture
def dead_cache():
    return RedisCache(f"redis://127.0.0.1:{free_port()}/0", {})


def test_every_operation_goes_on_without_redis(dead_cache):
    dead_cache.set("a", 1)
    assert dead_cache.get("a", "nothing") == "nothing"
    assert dead_cache.get_many(["a", "b"]) == {}
    assert dead_cache.set_many({"a": 1}) == ["a"]
    assert dead_cache.add("a", 1) is False
    assert dead_cache.touch("a") is False
    assert dead_cache.delete("a") is False
    dead_cache.delete_many(["a"])
    assert dead_cache.has_key("a") is False
    assert dead_cache.get_or_set("a", 2) == 2


@pytest.mark.django_db
def test_sessions_live_on_in_the_database(settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "idp_site.cache.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{free_port()}/0",
        }
    }
    session = SessionStore()
    session["kept"] = "yes"
    session.save()
    assert SessionStore(session.session_key)["kept"] == "yes"
