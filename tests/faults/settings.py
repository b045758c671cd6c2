"""The reference site with a mailroom, a short lease and a queue of its own in the broker."""

import os

from idp_site.queues import celery_queues, outbox_queues, queue_name
from tests.settings import *  # noqa: F403
from tests.settings import (
    CELERY_BROKER_TRANSPORT_OPTIONS,
    CELERY_BROKER_URL,
    INSTALLED_APPS,
    OSTIARY,
)

INSTALLED_APPS += ["tests.faults.mailroom"]
OSTIARY["OUTBOX_LEASE_SECONDS"] = 5
QUEUE = os.environ["QUEUE"]
OSTIARY["OUTBOX_QUEUES"] = outbox_queues(QUEUE)
CELERY_TASK_QUEUES = celery_queues(CELERY_BROKER_URL, QUEUE)
if longest := os.environ.get("LONGEST_QUEUE"):  # the broker then refuses what is more
    for queue in CELERY_TASK_QUEUES:
        queue.queue_arguments |= {"x-max-length": int(longest), "x-overflow": "reject-publish"}
CELERY_TASK_DEFAULT_QUEUE = CELERY_TASK_DEFAULT_ROUTING_KEY = queue_name("jobs", QUEUE)
CELERY_TASK_DEFAULT_EXCHANGE = QUEUE
if os.environ["CELERY_BROKER_URL"].startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = f"{QUEUE}:"
