"""The security log: ``record`` writes what happened in the transaction in which it does."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from . import event_keys, hooks, privacy
from .client_address import client_ip
from .conf import ostiary_settings
from .encryption import DecryptionFailed
from .models import Event, PersonKey

NONCE_BYTES = 12
_kinds: dict[str, Any] = {}


def register_kinds(kinds: Mapping[str, Any]) -> None:
    """Declare kinds of events, each with a sentence that the person understands."""
    _kinds.update(kinds)


def kinds() -> list[str]:
    """Every kind that an app has declared."""
    return list(_kinds)


def sentence(kind: str) -> str:
    """What an event of this kind says to a person."""
    return str(_kinds.get(kind, kind))


def record(
    kind: str,
    *,
    user: Any = None,
    request: HttpRequest | None = None,
    client_id: str = "",
    outcome: str = "success",
    details: dict[str, Any] | None = None,
    personal: dict[str, Any] | None = None,
) -> Event:
    """Write an event: one INSERT in the caller's transaction.

    ``details`` are for the log in plain and never personal or secret; ``personal`` is encrypted
    under the person's own key, with address and browser of ``request`` added. Of somebody who is
    not known ``email`` is what they typed: by it the event's key is destroyed with its person.
    About someone who was erased neither is kept. Raises ``ValueError`` for a kind that no app has
    declared.
    """
    _must_be_declared(kind)
    event = Event(
        at=timezone.now(),
        kind=kind,
        outcome=outcome,
        client_id=client_id,
        details=details or {},
    )
    told = {**_circumstances(request), **(personal or {})}
    subject = str(user.pk) if user is not None and user.pk is not None else ""
    if subject or told:
        _tell_of(event, subject, told)
    with transaction.atomic() if ostiary_settings.AFTER_EVENT_HOOKS else nullcontext():
        event.save()
        hooks.after_event(event)
    return event


def record_all(kind: str, users: Iterable[Any], *, details: dict[str, Any]) -> None:
    """Write one event about each of many people, with few statements in the caller's transaction.

    ``details`` is as in ``record``, which also says what is raised; nothing personal is kept.
    """
    _must_be_declared(kind)
    now = timezone.now()
    with transaction.atomic():
        names = privacy.pseudonyms_of(str(user.pk) for user in users).values()
        written = [Event(at=now, kind=kind, subject=name, details=details) for name in names]
        Event.objects.bulk_create(written)
        for event in written:
            hooks.after_event(event)


def _must_be_declared(kind: str) -> None:
    if kind not in _kinds:
        raise ValueError(f"No app has declared events of the kind {kind!r}.")


def _circumstances(request: HttpRequest | None) -> dict[str, str]:
    if request is None:
        return {}
    found = {
        "ip": client_ip(request),
        "user_agent": request.META.get("HTTP_USER_AGENT", "")[:400],
    }
    return {name: value for name, value in found.items() if value}


def _tell_of(event: Event, subject: str, told: dict[str, Any]) -> None:
    """Whom it is about, by their pseudonym, and what is personal, under their key.

    Of someone who was erased nothing more is kept, not even that it is about them.
    """
    try:
        person = privacy.person(subject)
    except privacy.PersonErased:
        return
    event.subject = person.pseudonym
    if told:
        typed = "" if subject else str(told.get("email", ""))
        key = event_keys.make(event.pk, typed) if typed else person.key
        nonce = secrets.token_bytes(NONCE_BYTES)
        plaintext = json.dumps(told, sort_keys=True).encode()
        sealed = AESGCM(key).encrypt(nonce, plaintext, str(event.pk).encode())
        event.personal = nonce + sealed


def of(user: Any) -> QuerySet[Event]:
    """What the log has about the person, oldest first (one SQL statement with what is asked)."""
    name = PersonKey.objects.filter(subject=str(user.pk)).values("pseudonym")
    return Event.objects.filter(subject__in=name).order_by("id")


def person_id_of(event: Event) -> str:
    """The id of whom the event is about, as text: ``""`` for nobody, or somebody erased."""
    return privacy.subjects_of([event.subject]).get(event.subject, "") if event.subject else ""


def personal_details(event: Event) -> dict[str, Any]:
    """What the event says about the person; empty once their key has been destroyed."""
    if event.personal is None:
        return {}
    blob = bytes(event.personal)
    try:
        own = None if event.subject else event_keys.of(event.pk)
        cipher = AESGCM(own or privacy.key_of(event.subject))
        plaintext = cipher.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], str(event.pk).encode())
    except (privacy.PersonErased, DecryptionFailed, InvalidTag):
        return {}
    return dict(json.loads(plaintext))
