"""The Celery application: ``celery -A idp_site worker -B``."""

import os
import warnings
from importlib import import_module
from typing import Any

from celery import Celery, signals
from celery.exceptions import SecurityWarning
from django.apps import apps
from django.conf import settings
from django.utils.module_loading import module_has_submodule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "idp_site.settings")

app = Celery("idp_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.import_modules.connect
def merge_schedules(sender: Celery, **_: Any) -> None:
    """Every installed app brings its own periodic tasks; the names say whose they are."""
    for config in apps.get_app_configs():
        if config.module and module_has_submodule(config.module, "tasks"):
            tasks = import_module(f"{config.name}.tasks")
            sender.conf.beat_schedule.update(getattr(tasks, "BEAT_SCHEDULE", {}))


@signals.setup_logging.connect
def keep_logging(**_: Any) -> None:
    """Django's LOGGING holds in the worker too: listening here keeps Celery from adding its own."""


@signals.celeryd_init.connect
def let_the_demo_run_as_anybody(**_: Any) -> None:
    """Whoever tries the site in a container is ``root`` there; elsewhere Celery warns of it."""
    if settings.DEMO:
        warnings.filterwarnings("ignore", category=SecurityWarning)
