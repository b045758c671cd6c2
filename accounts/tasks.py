"""Celery tasks of accounts."""

from celery import shared_task

from . import cleanup, recovery  # noqa: F401  (recovery brings its handler of the outbox)


@shared_task(name="ostiary.accounts.cleanup", acks_late=True, ignore_result=True)
def clean_up() -> None:
    """Remove links that have expired, a bounded number at a time."""
    cleanup.remove_expired_registrations()
    cleanup.remove_expired_recoveries()
    cleanup.remove_expired_not_me_links()
    cleanup.remove_expired_links()
    cleanup.remove_ended_invitations()


BEAT_SCHEDULE = {
    "ostiary.accounts.cleanup": {
        "task": "ostiary.accounts.cleanup",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}
