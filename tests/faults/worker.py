"""The site's own worker, which sweeps and erases every second: ``celery -A`` of this module."""

import os
from datetime import timedelta

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.settings"

from celery import Celery, signals

from idp_site.celery import app

__all__ = ["app"]


@signals.import_modules.connect
def sweep_often(sender: Celery, **_: object) -> None:
    """The site has just merged the schedules of its apps."""
    for name, entry in sender.conf.beat_schedule.items():
        if name.startswith(("ostiary.outbox.sweep", "ostiary.erasure.run_due")):
            entry["schedule"] = 1.0
    from ostiary import erasure  # which needs Django

    erasure.LEASE = timedelta(seconds=3)
