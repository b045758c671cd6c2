"""An import that is killed in the middle is begun again, and ends as if nothing had been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from accounts.models import ImportedIdentity
from ostiary.models import Event
from tests.accounts import exports
from tests.faults.conftest import ROOT, database_url, eventually

PEOPLE = 3000


def begin(realm: Path, folder: Path) -> subprocess.Popen[bytes]:
    """The command, in a process of its own."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "VAR_DIR": str(folder),
        "DATABASE_URL": database_url(),
        "REDIS_URL": "",
    }
    command = [sys.executable, "-m", "django", "import_users", str(realm), "--format", "keycloak"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)


@pytest.mark.django_db(transaction=True)
def test_kill_9_in_the_middle_and_again(tmp_path: Path) -> None:
    users = [exports.keycloak_user(f"person-{n}", id=f"id-{n}") for n in range(PEOPLE)]
    realm = exports.realm(tmp_path, *users)
    people: Any = get_user_model().objects

    first = begin(realm, tmp_path)
    try:
        eventually(people.exists, "a first batch is committed")
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    after_the_kill = people.count()
    assert 0 < after_the_kill < PEOPLE
    assert after_the_kill == ImportedIdentity.objects.count() == Event.objects.count()
    kept = dict(people.values_list("email", "pk"))

    second = begin(realm, tmp_path)
    told = second.communicate()[0].decode()

    assert second.returncode == 0
    assert f"Imported: {PEOPLE - after_the_kill:,}" in told
    assert f"Already here: {after_the_kill:,}" in told
    assert people.count() == ImportedIdentity.objects.count() == Event.objects.count() == PEOPLE
    assert kept.items() <= dict(people.values_list("email", "pk")).items()
