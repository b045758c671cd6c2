"""What a worker gets done, and in how much memory, among few people and among many: messages and
erasures a minute (``python -m tests.bench.jobs``).

One process delivers messages, to a gateway that takes each at once, and erases people. Beside them
there are others, whose messages and begun sign-ins wait: ``BENCH_JOBS_PEOPLE`` of them, by default
1,000; ``1000,100000`` measures both and sees that it makes no difference. On PostgreSQL only.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from tests.bench import services
from tests.idp_site.site import ROOT

PEOPLE = [int(each) for each in os.environ.get("BENCH_JOBS_PEOPLE", "1000").split(",")]
MESSAGES = int(os.environ.get("BENCH_JOBS_MESSAGES", "500"))
ERASURES = int(os.environ.get("BENCH_JOBS_ERASURES", "30"))
FLAT_MIB = 16
"""Peaks that differ by less are the same memory."""

OTHERS = """
INSERT INTO django_session (session_key, session_data, expire_date)
    SELECT md5(id::text), '{data}', now() + interval '1 day' FROM ostiary_accounts_user;
INSERT INTO ostiary_visit (session_key, subject, began_at)
    SELECT md5(id::text), id::text, now() FROM ostiary_accounts_user;
INSERT INTO ostiary_outboxmessage (id, kind, queue, payload, mentions, state, attempts,
        next_attempt_at, last_error, drop_reason, created_at)
    SELECT gen_random_uuid(), kind, queue, payload, jsonb_build_array(md5(g::text)), state, 0,
        now() + interval '1 day', '', '', now()
    FROM ostiary_outboxmessage, generate_series(1, {messages}) g;
ANALYZE;
"""
"""Every tenth person waits for a message; what it says is as long as a notice."""


def fill(people: int) -> None:
    """An empty database gets so many people."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connection

    from ostiary import outbox

    call_command("migrate", verbosity=0)
    model = get_user_model()
    for start in range(0, people, 10_000):
        some = range(start, min(start + 10_000, people))
        model.objects.bulk_create([model(email=f"p{number}@example.com") for number in some])
    outbox.enqueue("email.send", {"text": "x" * 4000}, delay_seconds=86_400)
    pending = {"ostiary.pending_signin": {"user_id": str(model().pk), "started_at": 1.0}}
    data = import_module(settings.SESSION_ENGINE).SessionStore().encode(pending)
    with connection.cursor() as cursor:
        cursor.execute(OTHERS.format(data=data, messages=people // 10))


def work() -> dict[str, Any]:
    """Deliver and erase, once to warm up and then measured."""
    from django.contrib.auth import get_user_model
    from django.test import override_settings

    from ostiary import erasure, mail, outbox
    from ostiary.models import Erasure

    with override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend"):
        people = list(get_user_model().objects.order_by("pk")[: ERASURES + 1])

        def send(some: list[str]) -> None:
            for address in some:
                mail.send_email(address, "ostiary/mail/erased", {"receipt": "x" * 1000})

        def erase(some: list[Any]) -> None:
            for person in some:
                asked = erasure.request(person)
                Erasure.objects.filter(pk=asked.pk).update(due_at=asked.requested_at)

        def all_of(do: Callable[[], int]) -> tuple[int, float, float]:
            done, began, core = 0, time.perf_counter(), time.process_time()
            while some := do():
                done += some
            return done, time.perf_counter() - began, time.process_time() - core

        send(["warm@example.com"])
        erase(people[:1])
        all_of(lambda: outbox.deliver_due())
        all_of(lambda: erasure.run_due())
        send([f"to-{number}@example.com" for number in range(MESSAGES)])
        sent, sending, core_sending = all_of(lambda: outbox.deliver_due())
        erase(people[1:])
        erased, erasing, core_erasing = all_of(lambda: erasure.run_due())
    return {
        "operation": "jobs",
        "people": get_user_model().objects.count() + erased + 1,
        "messages_per_minute": round(sent / sending * 60),
        "core_ms_per_message": round(core_sending / sent * 1000, 2),
        "erasures_per_minute": round(erased / erasing * 60),
        "core_ms_per_erasure": round(core_erasing / erased * 1000, 1),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def measure() -> list[dict[str, Any]]:
    """For each number of people a row; none, and a line that says so, without PostgreSQL."""
    if not services.server():
        print("jobs are left out: they are measured on PostgreSQL.")
        return []
    rows = []
    for people in PEOPLE:
        with (
            services.database("jobs") as url,
            tempfile.TemporaryDirectory(prefix="ostiary-bench-") as folder,
        ):
            env = {**os.environ, "VAR_DIR": folder, "DEMO": "1", "LOG_LEVEL": "ERROR"}
            env |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "idp_site.settings"}
            command = [sys.executable, "-m", "tests.bench.jobs"]
            subprocess.run([*command, "fill", str(people)], cwd=ROOT, env=env, check=True)
            done = subprocess.run(
                [*command, "work"], cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE
            )
            rows.append(json.loads(done.stdout.splitlines()[-1]))
    for row in rows:
        row["flat"] = row["peak_mib"] - rows[0]["peak_mib"] < FLAT_MIB
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    """A line for people of each."""
    for row in rows:
        print(
            f"\n{row['operation']} among {row['people']:,} people, one process: "
            f"{row['messages_per_minute']:,} messages a minute "
            f"({row['core_ms_per_message']} ms of a core each), "
            f"{row['erasures_per_minute']:,} erasures ({row['core_ms_per_erasure']} ms each), "
            f"at most {row['peak_mib']} MiB"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        import django

        django.setup()
        if sys.argv[1] == "fill":
            fill(int(sys.argv[2]))
        else:
            print(json.dumps(work()))
    else:
        found = measure()
        show(found)
        sys.exit(0 if all(row["flat"] for row in found) else 1)
