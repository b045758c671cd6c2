"""Fixtures that every room shares."""

from __future__ import annotations

import pytest
import redis
from django.apps import apps
from django.conf import settings
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.machine import RABBITMQ, REDIS, service

# A property holds however slow the machine is; and what an example leaves in the database does not
# change what the next one finds.
hypothesis_settings.register_profile(
    "ostiary",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis_settings.load_profile("ostiary")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about an app that this site lacks."""
    for item in items[:]:
        if not all(apps.is_installed(mark.args[0]) for mark in item.iter_markers("needs")):
            items.remove(item)
            config.hook.pytest_deselected(items=[item])


@pytest.fixture(autouse=True)
def no_counts_in_redis() -> None:
    """Where the site counts in Redis, as in one pass of ``make test``, each test begins at zero."""
    if settings.REDIS_URL:
        redis.Redis.from_url(settings.REDIS_URL).flushdb()


@pytest.fixture
def postgresql() -> None:
    """For claims about PostgreSQL: the test run's own database has to be one."""
    if connection.vendor != "postgresql":
        pytest.skip("this is the pass on SQLite; the one on PostgreSQL has this test")


@pytest.fixture
def redis_url() -> str:
    """A real Redis. Whoever uses it takes names there that nobody else has."""
    return service("Redis", REDIS)


@pytest.fixture
def rabbitmq_url() -> str:
    """A real RabbitMQ."""
    return service("RabbitMQ", RABBITMQ)
