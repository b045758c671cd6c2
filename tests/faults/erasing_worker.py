"""The site's own worker, which looks for erasures every second, and strikes itself or its broker
where it is told to: ``celery -A tests.faults.erasing_worker worker -B``.

The file ``blows`` in the test's folder holds a line for each: ``worker POINT`` or ``broker POINT``.
A blow is crossed out before it falls.
"""

import os
import signal
from datetime import timedelta
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.settings"

from celery import Celery, signals

from idp_site.celery import app

__all__ = ["app"]

FOLDER = Path(os.environ["MAILROOM"])


@signals.import_modules.connect
def work_often(sender: Celery, **_: object) -> None:
    """The site has just merged the schedules of its apps."""
    for name, entry in sender.conf.beat_schedule.items():
        if name.startswith("ostiary.outbox.sweep") or name == "ostiary.erasure.run_due":
            entry["schedule"] = 1.0


@signals.worker_process_init.connect
def await_blows(**_: object) -> None:
    """In each process that works."""
    from ostiary import erasure
    from tests.faults import erased, kill_points

    erasure.LEASE = timedelta(seconds=2)
    erased.mail_into(FOLDER / "mails")
    kill_points.install(strike)


def strike(point: str) -> None:
    """Whoever is to be struck here."""
    file = FOLDER / "blows"
    blows = file.read_text().splitlines()
    for whom in ("worker", "broker"):
        if (blow := f"{whom} {point}") in blows:
            file.write_text("".join(f"{each}\n" for each in blows if each != blow))
            if whom == "worker":
                os.killpg(os.getpgrp(), signal.SIGKILL)
            os.kill(int((FOLDER / "broker.pid").read_text()), signal.SIGKILL)
