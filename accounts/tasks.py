"""Celery tasks of accounts."""

from celery import shared_task

from . import cleanup, mailed_code, recovery  # noqa: F401  (they bring handlers of the outbox)


@shared_task(name="ostiary.accounts.cleanup", acks_late=True, ignore_result=True)
def clean_up() -> None:
    """Remove what has had its time, a bounded number at a time."""
    cleanup.remove_expired_registrations()
    cleanup.remove_expired_recoveries()
    cleanup.remove_expired_not_me_links()
    cleanup.remove_expired_links()
    cleanup.remove_ended_invitations()
    cleanup.remove_expired_codes()
    cleanup.forget_hash_kinds()


BEAT_SCHEDULE = {
    "ostiary.accounts.cleanup": {
        "task": "ostiary.accounts.cleanup",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}
