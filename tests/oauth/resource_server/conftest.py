"""The kit's tests need neither our database nor our signing keys: the issuer is a small one of the
tests' own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import caches

from oauth.resource_server import ResourceServer, ResourceServerSettings, kept
from tests.examples.issuer import Issuer, running

from .calls import AUDIENCE


@pytest.fixture
def signing_keys():
    """None of ours: the issuer of these tests has its own."""


@pytest.fixture
def scope_of_an_api():
    """None: there is no authorization server here."""


@pytest.fixture(autouse=True)
def caches_of_the_api(settings):
    """A cache of this process, and nothing in it."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    caches["default"].clear()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """A token issuer with an ES256 key, ``one``."""
    with running() as provider:
        yield provider


@pytest.fixture
def make_server(issuer: Issuer) -> Callable[..., ResourceServer]:
    """Make an API that takes the issuer's tokens, with changes to its settings."""
    return lambda **changes: ResourceServer(
        ResourceServerSettings(**{"ISSUER": issuer.url, "AUDIENCE": AUDIENCE, **changes})
    )


@pytest.fixture
def server(make_server) -> ResourceServer:
    """An API that takes the issuer's tokens."""
    return make_server()


@pytest.fixture
def clock(monkeypatch):
    """The clock by which answers age, moved by ``clock.now += seconds``."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr(kept, "monotonic", lambda: Clock.now)
    return Clock
