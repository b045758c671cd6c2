"""Run by ``tests/idp_site/test_erased_files.py`` in a site of its own: a marked person lives there
and is erased, and then looked for in the files of the database, byte for byte."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from oauth import cleanup
from oauth.models import PushedRequest
from ostiary import erasure, event_chain, outbox, privacy, scrubbing
from ostiary.models import Erasure, OutboxMessage
from tests.accounts import flow
from tests.idp_site.marked_person import live
from tests.mfa import texting
from tests.oauth.conftest import put_signing_keys, scope_of_an_api  # noqa: F401  (a fixture)
from tests.oauth.far_end import far_end
from tests.searching import Marks

ROOT = Path(os.environ["SEARCHED_FILES"])


@pytest.fixture(autouse=True)
def site_that_has_it_all(settings):
    settings.OSTIARY_MFA = texting.SETTINGS
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    texting.sent.clear()
    yield
    privacy._people.clear()


def needles(marks: Marks) -> dict[str, bytes]:
    """The values as they stand in a file: as they are, and in hexadecimal as text columns have it.

    A UUID is 16 bytes in PostgreSQL and 32 digits in SQLite.
    """
    raw = {name: each if isinstance(each, bytes) else each.encode() for name, each in marks.items()}
    # These are no person's own.
    for shared in ("password", "birthdate"):
        raw.pop(shared)
    return {**raw, **{f"{name} in hex": each.hex().encode() for name, each in raw.items()}}


def found(marks: Marks) -> list[str]:
    """Where which value stands in the files, and how often."""
    wanted = needles(marks)
    told = []
    for path in sorted(ROOT.rglob("*")):
        if path.is_file() and "static" not in path.parts:
            content = path.read_bytes()
            told += [
                f"{name} in {path.relative_to(ROOT)}, {content.count(each)}: "
                f"{content[max(content.find(each) - 40, 0) : content.find(each) + 60]!r}"
                for name, each in wanted.items()
                if each in content
            ]
    return told


@pytest.mark.django_db(transaction=True)
def test_search():
    put_signing_keys()
    with far_end() as receiver:
        marks = live(receiver)
        event_chain.seal()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as autovacuum does
            if connection.vendor == "postgresql":
                cursor.execute("CHECKPOINT")
        before = {line.split(" in ")[0] for line in found(marks)}
        assert {"first address", "name", "browser"} <= before, "the search finds"

        Erasure.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        assert erasure.run_due() == 1
        flow.delivered()
        cleanup.remove_client_sessions()
        PushedRequest.objects.update(expires_at=timezone.now())
        cleanup.remove_pushed_requests()
        event_chain.seal()
    if os.environ["SCRUBBED_BY"] == "worker":
        OutboxMessage.objects.filter(kind=scrubbing.KIND).update(next_attempt_at=timezone.now())
        assert outbox.deliver_due() == 1
        # What the worker noted afterwards is of nobody; the periodic clean-up empties the log.
        assert scrubbing.empty_wal()
    else:
        call_command("scrub_erased", stdout=io.StringIO())
    left = found(marks)
    assert left == [], "\n".join(left)
