"""The reference site with a mailroom, a short lease and a queue of its own in the broker."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import CELERY_BROKER_TRANSPORT_OPTIONS, INSTALLED_APPS, OSTIARY

INSTALLED_APPS += ["tests.faults.mailroom"]
OSTIARY["OUTBOX_LEASE_SECONDS"] = 5
CELERY_TASK_DEFAULT_QUEUE = os.environ["QUEUE"]
if os.environ["CELERY_BROKER_URL"].startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = f"{os.environ['QUEUE']}:"
