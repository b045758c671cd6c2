"""The Celery application: ``celery -A idp_site worker -B``."""

import os
from typing import Any

from celery import Celery, signals
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "idp_site.settings")

SCHEDULES = ("ostiary.tasks.BEAT_SCHEDULE", "oauth.tasks.BEAT_SCHEDULE")

app = Celery("idp_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def merge_schedules(sender: Celery, **_: Any) -> None:
    """Every app brings its own periodic tasks; the names say whose they are."""
    for path in SCHEDULES:
        with __import__("contextlib").suppress(ImportError):
            sender.conf.beat_schedule.update(import_string(path))


@signals.setup_logging.connect
def keep_logging(**_: Any) -> None:
    """Django's LOGGING holds in the worker too: listening here keeps Celery from adding its own."""
