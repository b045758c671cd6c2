"""What an erasure does besides calling the erasers of the apps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.utils import timezone, translation

from . import (
    all_addresses,
    dead_letters,
    event_keys,
    events,
    mail,
    mentions,
    privacy,
    receipts,
    retention,
    scrubbing,
    sessions,
    tombstones,
)
from .conf import ostiary_settings
from .models import Erasure, ErasureStep, EventKey, OutboxMessage, Session
from .notifications import addresses_of
from .regions import asking, configured


def addresses_now(user: Any) -> dict[str, bool | None]:
    """Each address that is the person's, and whether it is known to be."""
    address = getattr(user, user.get_email_field_name(), "")
    return {**({address: False} if address else {}), **dict.fromkeys(addresses_of(user), True)}


def _addresses(erasure: Erasure) -> dict[str, bool | None]:
    return json.loads(erasure.emails) if erasure.emails else {}


def known_addresses(erasure: Erasure) -> list[str]:
    """Where the person of an erasure that is not over is told something."""
    return [address for address, is_theirs in _addresses(erasure).items() if is_theirs]


def _present(erasure: Erasure) -> list[str]:
    """What they have now: another address of theirs may be somebody else's one day."""
    return [address for address, known in _addresses(erasure).items() if known is not None]


def close_the_account(erasure: Erasure, user: Any) -> dict[str, Any]:
    """Let nobody in any more, end every session, and set the tombstone that keeps late jobs and
    imports from bringing the person back. What will be kept is noted for the receipt."""
    if user is not None:
        every = [*all_addresses.of(user), *_addresses(erasure)]
        erasure.emails = json.dumps({**dict.fromkeys(every), **addresses_now(user)})
    tombstones.bury(str(erasure.subject), _present(erasure))
    if user is None:
        return {}
    # The receipt is the person's, in whatever language a worker runs.
    with translation.override(erasure.language or translation.get_language()):
        erasure.kept = [kept.as_claims() for kept in retention.kept_of(user)]
    erasure.save(update_fields=["emails", "kept"])
    if hasattr(user, "is_active"):
        type(user)._default_manager.filter(pk=user.pk).update(is_active=False)
        user.is_active = False
    return {Session._meta.label: sessions.end_all(user, "erasure")}


def forget_messages(erasure: Erasure, user: Any) -> dict[str, Any]:
    """Blank what waits to be sent to the person's addresses, or speaks of them, and take them out
    of what is kept of the rest."""
    names = list(_addresses(erasure))
    if len(str(erasure.subject)) >= mentions.SHORTEST_ID:
        names.append(str(erasure.subject))
    about = mentions.about(names)
    dropped = dead_letters.forget(about) if about else 0
    mentions.blot_out(names, about)
    return {OutboxMessage._meta.label: dropped}


def remove_the_person(erasure: Erasure, user: Any) -> dict[str, Any]:
    """Delete the row of the person, and what goes with it."""
    if user is None:
        return {}
    events.record("erasure.carried_out", user=user)
    _, deleted = user.delete()
    return dict(deleted)


def destroy_the_key(erasure: Erasure, user: Any) -> dict[str, Any]:
    """What the log keeps about the person can't be read any more, nor whom it speaks of; nor what
    it has of whoever typed their address."""
    privacy.shred(str(erasure.subject), _present(erasure))
    return {EventKey._meta.label: event_keys.destroy(_addresses(erasure))}


def of_here(erasures: Iterable[Erasure]) -> list[dict[str, Any]]:
    """What these erasures did in this region, as the steps of a receipt."""
    done = ErasureStep.objects.filter(erasure__in=erasures).exclude(name__in=NOT_TOLD)
    return [
        {"name": step.name, "done_at": step.done_at.isoformat(), "erased": step.erased}
        for step in done.order_by("id")
    ]


def write_the_receipt(erasure: Erasure, user: Any) -> None:
    """Sign what was done, mail it to the person, and forget who they were."""
    now = timezone.now()
    claims = {
        "iss": ostiary_settings.ISSUER_URL,
        "iat": int(now.timestamp()),
        "jti": str(erasure.pk),
        "requested_at": erasure.requested_at.isoformat(),
        "started_at": erasure.started_at.isoformat() if erasure.started_at else None,
        "finished_at": now.isoformat(),
        "steps": of_here([erasure]),
        "kept": erasure.kept,
    }
    if configured.here():
        claims |= {"region": configured.here(), "home_region": erasure.home_region}
    if others := asking.receipts_of(erasure):
        claims["regions"] = others
    receipt = receipts.sign(claims)
    # Of what another region asked for, that region tells the person.
    tells = erasure.requested_by != Erasure.By.REGION
    for address in known_addresses(erasure) if tells else ():
        mail.send_email(
            address, "ostiary/mail/erased", {"receipt": receipt}, language=erasure.language
        )
    scrubbing.plan()
    Erasure.objects.filter(pk=erasure.pk).update(
        state=Erasure.State.DONE,
        subject=None,
        reason=None,
        emails=None,
        leased_until=None,
        last_error="",
        receipt=receipt,
        finished_at=now,
    )


Do = Callable[[Erasure, Any], dict[str, Any] | None]
"""A step: it erases, and returns how many rows of what. The user is ``None`` once their row is
gone."""

# The names stand in the database and in receipts: they don't change with those of the functions.
BEFORE: dict[str, Do] = {"close_account": close_the_account}
AFTER: dict[str, Do] = {
    "drop_messages": forget_messages,
    "delete_user": remove_the_person,
    "destroy_key": destroy_the_key,
}
LAST: dict[str, Do] = {"sign_receipt": write_the_receipt}
NOT_TOLD = [*asking.STEPS, *LAST]
