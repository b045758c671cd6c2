"""Fixtures that every room shares."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.test import Client, TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, sync_playwright

from accounts.hashing import BoundedArgon2PasswordHasher
from ostiary import branding, privacy
from tests.machine import RABBITMQ, REDIS, program, service
from tests.operators import desk_of

OF_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# A property holds however slow the machine is; and what an example leaves in the database does not
# change what the next one finds.
hypothesis_settings.register_profile(
    "ostiary",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis_settings.load_profile("ostiary")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--one-case`` is of ``tests/run.py``."""
    parser.addoption(
        "--one-case", action="store_true", help="of a test with many cases, run the first alone"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of an app that this site lacks and, with ``--one-case``, further cases."""
    kept, seen = [], set()
    for item in items:
        function = item.nodeid.partition("[")[0]
        if not all(apps.is_installed(mark.args[0]) for mark in item.iter_markers("needs")):
            continue
        if config.getoption("one_case") and function in seen:
            continue
        seen.add(function)
        kept.append(item)
    config.hook.pytest_deselected(items=list(set(items).difference(kept)))
    items[:] = kept


KEPT = {"django_content_type", "auth_permission"}
"""What migrations fill, and no test changes."""


def _empty_what_was_filled(case: TransactionTestCase) -> None:
    """Instead of Django's flush after each test that commits, which empties every table there is,
    and then makes all permissions anew: most of such a test's time."""
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - KEPT)
    quoted = {name: connection.ops.quote_name(name) for name in tables}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {table})"  # noqa: S608  (our names)
                for name, table in quoted.items()
            )
        )
        for (name,) in cursor.fetchall():
            # The log refuses to have its rows deleted.
            truncates = name == "ostiary_event" and connection.vendor == "postgresql"
            cursor.execute(f"{'TRUNCATE' if truncates else 'DELETE FROM'} {quoted[name]}")
    # Else a test that takes longer than they are remembered would begin by one and end by another.
    privacy._people.clear()


TransactionTestCase._fixture_teardown = _empty_what_was_filled  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def no_counts_in_redis() -> None:
    """Where the site counts in Redis, as in one pass of ``make test``, each test begins at zero."""
    if settings.REDIS_URL:
        redis.Redis.from_url(settings.REDIS_URL).flushdb()


@pytest.fixture(autouse=True)
def branding_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known to be nothing else, so that no test begins with what another has left."""
    monkeypatch.setattr(branding, "_decided", {})
    monkeypatch.setattr(branding, "_checked_at", time.monotonic())
    monkeypatch.setattr(branding, "_known", None)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id in a hundredth of the memory: what it costs is the claim of one file alone."""
    monkeypatch.setattr(BoundedArgon2PasswordHasher, "memory_cost", 1024)
    monkeypatch.setattr(BoundedArgon2PasswordHasher, "parallelism", 1)


@pytest.fixture
def postgresql() -> None:
    """For claims about PostgreSQL: the test run's own database has to be one."""
    if connection.vendor != "postgresql":
        pytest.skip("this is the pass on SQLite; the one on PostgreSQL has this test")


@pytest.fixture
def admin_client(admin_user: Any) -> Client:
    """In place of pytest-django's: an operator's browser that the administration lets in."""
    return desk_of(admin_user)


@pytest.fixture
def redis_url() -> str:
    """A real Redis. Whoever uses it takes names there that nobody else has."""
    return service("Redis", REDIS)


@pytest.fixture
def rabbitmq_url() -> str:
    """A real RabbitMQ."""
    return service("RabbitMQ", RABBITMQ)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window: one for all rooms, since Playwright's
    synchronous interface starts but once in a thread."""
    executable = program("chromium", "chromium-browser", "google-chrome")
    # It runs an event loop in this thread, and Django would take every query of a test for one
    # made inside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=OF_CHROMIUM)
        yield browser
        browser.close()
