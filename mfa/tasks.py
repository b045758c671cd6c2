"""Celery tasks of mfa."""

from celery import shared_task

from ostiary.cleanup import keep_up
from ostiary.periodic import every

from . import cleanup
from .sms import budget, delivery, phones  # noqa: F401  (they bring handlers of the outbox)


@shared_task(name="ostiary.mfa.cleanup", acks_late=True, ignore_result=True)
def clean_up() -> None:
    """Remove what has had its time, for as long as it keeps up."""
    keep_up(
        clean_up,
        cleanup.remove_expired_codes,
        cleanup.remove_old_text_messages,
        cleanup.remove_unconfirmed_phones,
        phones.forget_replaced,
        phones.forget_removed,
        cleanup.remove_unconfirmed_apps,
        cleanup.remove_past_trust,
    )


BEAT_SCHEDULE = every(3600, "ostiary.mfa.cleanup")
