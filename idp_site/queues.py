"""The queues of the site in its broker: one for each of the outbox, and one for periodic jobs.

The names are new on purpose. A queue can't become a quorum queue: RabbitMQ refuses to declare one
that is there already as a classic one (``PRECONDITION_FAILED``).
"""

from __future__ import annotations

from kombu import Exchange, Queue

OF_THE_OUTBOX = ("urgent", "sms", "normal", "bulk")
JOBS = "jobs"
EXCHANGE_TYPE = "topic"  # which Celery's delayed delivery needs
PREFIX = "ostiary"


def queue_name(which: str, prefix: str = PREFIX) -> str:
    """As the broker knows it, and ``celery worker -Q`` is told it."""
    return f"{prefix}.{which}"


def outbox_queues(prefix: str = PREFIX) -> dict[str, str]:
    """For ``OSTIARY["OUTBOX_QUEUES"]``."""
    return {which: queue_name(which, prefix) for which in OF_THE_OUTBOX}


def celery_queues(broker_url: str, prefix: str = PREFIX) -> list[Queue]:
    """What a worker takes from that is told nothing else.

    In RabbitMQ they are quorum queues: kept by most of the nodes of a cluster, on disk.
    """
    exchange = Exchange(prefix, EXCHANGE_TYPE)
    arguments = {"x-queue-type": "quorum"} if broker_url.startswith("amqp") else None
    names = [queue_name(which, prefix) for which in (*OF_THE_OUTBOX, JOBS)]
    return [
        Queue(name, exchange, routing_key=name, queue_arguments=arguments and dict(arguments))
        for name in names
    ]
