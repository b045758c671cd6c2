"""What the authorization server does when something happens elsewhere in the house."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.db.models.signals import post_delete, post_save, pre_delete

from ostiary.models import Session
from ostiary.signals import session_ended

from . import (
    blocklist,
    client_memory,
    client_origins,
    client_sessions,
    families,
    frontchannel_logout,
)
from .models import Client


def _end_what_hangs_on_it(sender: Any, session: Session, **_: Any) -> list[str]:
    """Ending a session ends its refresh tokens, unless the person allowed offline access, and tells
    its clients (B13); returns what a sign-out page loads for them."""
    families.revoke(Q(sid=session.pk, offline=False), "session_ended")
    return frontchannel_logout.frames(client_sessions.end(Q(sid=session.pk)))


def _end_tokens_of_person(
    sender: Any,
    instance: Any,
    created: bool,
    raw: bool,
    update_fields: Collection[str] | None,
    **_: Any,
) -> None:
    """A changed password, or being switched off, ends what the person gave (B3), at the next use
    anyway and on the blocklist now."""
    told = update_fields is None or not {"password", "is_active"}.isdisjoint(update_fields)
    if created or raw or not told:
        return
    if not instance.is_active:
        families.revoke(Q(user=instance), "deactivated")
    else:
        same = Q(credential_hash=families.credential_hash(instance))
        families.revoke(Q(user=instance) & ~same, "credentials_changed")


def _end_tokens_of_deleted_person(sender: Any, instance: Any, **_: Any) -> None:
    families.revoke(Q(user=instance), "deleted")


def _list_tokens_of_disabled_client(sender: Any, instance: Client, created: bool, **_: Any) -> None:
    """This server refuses a disabled client's tokens as it is; APIs learn it by the list."""
    if not created and not instance.enabled:
        blocklist.revoke(Q(client_key=instance.pk))


def _end_tokens_of_deleted_client(sender: Any, instance: Client, **_: Any) -> None:
    families.revoke_all_of(instance, "deleted")


def connect() -> None:
    """Called once, when the app is ready."""
    people = get_user_model()
    session_ended.connect(_end_what_hangs_on_it, dispatch_uid="ostiary.oauth.session_ended")
    for signal, receiver, sender in (
        (post_save, _end_tokens_of_person, people),
        (pre_delete, _end_tokens_of_deleted_person, people),
        (post_save, _list_tokens_of_disabled_client, Client),
        (pre_delete, _end_tokens_of_deleted_client, Client),
    ):
        signal.connect(receiver, sender=sender, dispatch_uid=f"ostiary.oauth{receiver.__name__}")
    post_save.connect(
        client_origins.after_save, sender=Client, dispatch_uid="ostiary.oauth.client_origins"
    )
    for changed, tell in (
        (post_save, client_memory.after_save),
        (post_delete, client_memory.after_delete),
    ):
        changed.connect(tell, sender=Client, dispatch_uid="ostiary.oauth.client_memory")
