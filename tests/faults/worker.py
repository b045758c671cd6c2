"""The site's own worker, which sweeps every second: ``celery -A tests.faults.worker worker -B``."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.settings"

from celery import Celery, signals

from idp_site.celery import app

__all__ = ["app"]


@signals.import_modules.connect
def sweep_often(sender: Celery, **_: object) -> None:
    """The site has just merged the schedules of its apps."""
    for name, entry in sender.conf.beat_schedule.items():
        if name.startswith("ostiary.outbox.sweep"):
            entry["schedule"] = 1.0
