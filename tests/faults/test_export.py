"""A worker that collects a copy is killed (SECURITY F4)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from ostiary import exports, outbox
from ostiary.models import Event, ExportChunk, OutboxMessage
from tests.faults.conftest import ROOT, database_url
from tests.ostiary import zips


@pytest.mark.django_db(transaction=True)
def test_a_copy_whose_worker_was_killed_halfway_is_made_once(tmp_path: Path) -> None:
    person = get_user_model().objects.create(email="alice@example.com")
    asked = exports.request(person)
    # A worker has it in hand, and its lease is over when it has long been dead.
    OutboxMessage.objects.filter(pk=asked.message_id).update(
        attempts=1, leased_until=timezone.now() + timedelta(hours=1)
    )

    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.collect", str(asked.pk)],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "VAR_DIR": str(tmp_path),
            "DATABASE_URL": database_url(),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    asked.refresh_from_db()
    assert (asked.state, asked.attempts) == ("waiting", 1)
    assert ExportChunk.objects.count() == 2, "what it had written is there"
    OutboxMessage.objects.update(leased_until=timezone.now())

    outbox.deliver_due()
    outbox.deliver_due()

    zips.of(asked)
    assert not ExportChunk.objects.filter(attempt=1).exists()
    for kind in ("export.requested", "export.ready"):
        assert Event.objects.filter(kind=kind).count() == 1
