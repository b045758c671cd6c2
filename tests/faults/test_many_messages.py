"""Many messages, a gateway that fails a fifth of the time, and a worker that is killed every few
seconds: each is sent, and repeats stay inside the stated bound (SECURITY F1).

The full proof is ``MESSAGES=10000 KILL_SECONDS=3 DATABASE_URL=postgres://… pytest -s`` with this
file, and prints its figures.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db.models import Max, Sum

from ostiary.models import OutboxMessage
from tests.faults.brokers import Folder
from tests.faults.conftest import Mailroom, eventually

MESSAGES = int(os.environ.get("MESSAGES", "120"))
KILL_SECONDS = float(os.environ.get("KILL_SECONDS", "0.7"))
"""Of a worker, from the first message that it has sent."""
PROCESSES = 2
REFUSES = 0.2


class Gateway:
    """It refuses some, and counts how often it took each."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.refused = 0
        gateway, lock, chance = self, threading.Lock(), random.Random(8)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    refuses = chance.random() < REFUSES
                    gateway.refused += refuses
                    if not refuses:
                        gateway.taken[self.headers["Idempotency-Key"]] += 1
                self.send_response(503 if refuses else 201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """It listens on a port of its own."""
    started = Gateway()
    yield started
    started.server.shutdown()
    started.server.server_close()


def test_every_message_is_sent_and_repeats_are_at_most_one_for_each_killed_process(
    mailroom: Mailroom, gateway: Gateway
) -> None:
    if isinstance(mailroom.broker, Folder):
        pytest.skip("the local broker is for the demo; Redis and RabbitMQ have this test")
    # Of many messages some are refused ten times in a row: what doubles each time would be an hour.
    waits = {"FIRST_RETRY_SECONDS": "0.5", "LONGEST_RETRY_SECONDS": "4"}
    mailroom.environment |= {"GATEWAY": gateway.url, **waits}
    pending = OutboxMessage.objects.exclude(state=OutboxMessage.State.DONE)
    letters = [f"call:{number}" for number in range(MESSAGES)]
    began, kills = time.monotonic(), 0
    writer = threading.Thread(target=mailroom.commit, args=letters)
    writer.start()

    while writer.is_alive() or pending.exists():
        before = gateway.taken.total()
        mailroom.start_worker("sms", "jobs", processes=PROCESSES)
        eventually(
            lambda before=before: gateway.taken.total() > before or not pending.exists(),
            "a message is taken",
        )
        time.sleep(KILL_SECONDS)
        if writer.is_alive() or pending.exists():
            kills += 1
        mailroom.kill_worker()
    writer.join()
    seconds = time.monotonic() - began

    repeats = sum(gateway.taken.values()) - len(gateway.taken)
    told = OutboxMessage.objects.aggregate(tries=Sum("attempts"), most_tries=Max("attempts"))
    figures = {
        "broker": mailroom.broker.url.partition(":")[0],
        "messages": MESSAGES,
        "sent": len(gateway.taken),
        "refused": gateway.refused,
        "kills": kills,
        "repeats": repeats,
        "bound": kills * PROCESSES,
        **told,
        "seconds": round(seconds, 1),
        "messages_per_minute": round(MESSAGES / seconds * 60),
    }
    print(f"\n{json.dumps(figures)}")
    sent_to = {str(key) for key in OutboxMessage.objects.values_list("pk", flat=True)}
    assert len(sent_to) == MESSAGES
    assert gateway.taken.keys() == sent_to
    assert kills > 0
    assert repeats <= kills * PROCESSES
