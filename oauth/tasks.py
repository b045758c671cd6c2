"""Celery tasks of the authorization server."""

from celery import shared_task

from . import backchannel_logout, blocklist, cleanup  # noqa: F401  (the first brings its handler)


@shared_task(name="ostiary.oauth.cleanup", acks_late=True, ignore_result=True)
def clean_up() -> None:
    """Remove what has ended or is no longer needed, a bounded number at a time."""
    cleanup.remove_ended_grants()
    cleanup.end_orphaned_client_sessions()
    cleanup.remove_client_sessions()
    cleanup.remove_access_tokens()
    cleanup.remove_token_statuses()
    cleanup.remove_device_grants()
    cleanup.remove_pushed_requests()
    cleanup.remove_used_identifiers()
    cleanup.remove_unused_clients()
    cleanup.remove_retired_keys()


@shared_task(name="ostiary.oauth.sweep_blocklist", acks_late=True, ignore_result=True)
def sweep_blocklist() -> None:
    """Revoke the listed tokens whose grant, person or client has ended, and refill the cache."""
    blocklist.sweep()


BEAT_SCHEDULE = {
    "ostiary.oauth.sweep_blocklist": {"task": "ostiary.oauth.sweep_blocklist", "schedule": 60.0},
    "ostiary.oauth.cleanup": {"task": "ostiary.oauth.cleanup", "schedule": 600.0},
}
