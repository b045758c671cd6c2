"""Celery tasks of the authorization server."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction

from ostiary import events
from ostiary.cleanup import keep_up
from ostiary.periodic import every

from . import backchannel_logout, blocklist, cleanup, keys, risc  # noqa: F401  (for their handlers)
from .conf import oauth_settings


@shared_task(name="ostiary.oauth.cleanup", acks_late=True, ignore_result=True)
def clean_up() -> None:
    """Remove what has ended or is no longer needed, for as long as it keeps up."""
    keep_up(
        clean_up,
        cleanup.remove_ended_grants,
        cleanup.end_orphaned_client_sessions,
        cleanup.remove_client_sessions,
        cleanup.remove_erasure_notices,
        cleanup.forget_replays,
        cleanup.remove_access_tokens,
        cleanup.remove_token_statuses,
        cleanup.remove_device_grants,
        cleanup.remove_pushed_requests,
        cleanup.remove_used_identifiers,
        cleanup.remove_unused_clients,
        cleanup.remove_retired_keys,
    )


@shared_task(name="ostiary.oauth.sweep_blocklist", acks_late=True, ignore_result=True)
def sweep_blocklist() -> None:
    """Revoke the listed tokens whose grant, person or client has ended, and refill the cache."""
    blocklist.sweep()


@shared_task(name="ostiary.oauth.rotate_signing_keys", acks_late=True, ignore_result=True)
def rotate_signing_keys() -> None:
    """Let the next keys sign where the active ones have done so for long enough."""
    days = oauth_settings.SIGNING_KEY_ROTATION_DAYS
    if not days:
        return
    with transaction.atomic():
        for key in keys.rotate_due(timedelta(days=days)):
            events.record("signing_key.rotated", details={"alg": key.alg, "kid": key.kid})


BEAT_SCHEDULE = {
    **every(60, "ostiary.oauth.sweep_blocklist"),
    **every(600, "ostiary.oauth.cleanup"),
    **every(3600, "ostiary.oauth.rotate_signing_keys"),
}
