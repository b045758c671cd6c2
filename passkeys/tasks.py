"""Celery tasks of passkeys."""

from celery import shared_task

from ostiary.cleanup import keep_up
from ostiary.periodic import every

from . import cleanup


@shared_task(name="ostiary.passkeys.cleanup", acks_late=True, ignore_result=True)
def clean_up() -> None:
    """Remove what has had its time, for as long as it keeps up."""
    keep_up(clean_up, cleanup.remove_expired_ceremonies)


BEAT_SCHEDULE = every(3600, "ostiary.passkeys.cleanup")
