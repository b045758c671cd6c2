"""Celery tasks of accounts."""

from celery import shared_task

from ostiary.cleanup import keep_up
from ostiary.periodic import every

# (Some are imported for the handlers of the outbox that they bring.)
from . import cleanup, factor_recovery, mailed_code, recovery, support  # noqa: F401


@shared_task(name="ostiary.accounts.cleanup", acks_late=True, ignore_result=True)
def clean_up() -> None:
    """Remove what has had its time, for as long as it keeps up."""
    keep_up(
        clean_up,
        cleanup.remove_expired_registrations,
        cleanup.remove_expired_recoveries,
        cleanup.remove_expired_not_me_links,
        cleanup.remove_expired_links,
        cleanup.remove_ended_invitations,
        cleanup.remove_expired_codes,
        cleanup.forget_hash_kinds,
        cleanup.remove_past_factor_recoveries,
        cleanup.remove_closed_cases,
    )


@shared_task(name="ostiary.accounts.factor_recovery", acks_late=True, ignore_result=True)
def tell_of_factor_recoveries() -> None:
    """Tell people of the recovery that waits for them, or go on with it."""
    factor_recovery.tell_those_who_wait()
    support.go_on()


BEAT_SCHEDULE = {
    **every(600, "ostiary.accounts.factor_recovery"),
    **every(3600, "ostiary.accounts.cleanup"),
}
