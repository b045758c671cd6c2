"""The side that another region asks to erase somebody: it finds them, erases them at once, and says
so in a receipt of its own.

Who is meant? Somebody with the same id, where ids are such that no two regions give one twice; and
somebody with an address that both regions know to be theirs. Whoever only says that an address is
theirs, here or there, is not erased for it. That there is nobody is an answer, too: what was kept
about the addresses goes, the tombstones are set, and the receipt says so.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from .. import erasure, erasure_steps, receipts, tombstones
from ..conf import ostiary_settings
from ..email_addresses import canonical, people_with
from ..models import Erasure, ErasureStep, RegionalRequest, RegionToken
from ..notifications import addresses_of
from . import configured
from .configured import Region

MOST_ADDRESSES = 100
State = Erasure.State


class MalformedError(Exception):
    """What the region asks for can't be understood."""


@dataclass(frozen=True)
class Wanted:
    """Whom another region wants erased: their id there, and each address as in ``Erasure``."""

    erasure: uuid.UUID
    subject: str
    addresses: dict[str, bool | None]


def parse(claims: dict[str, Any]) -> Wanted:
    """What a request says. Raises ``MalformedError``."""
    subject, addresses = claims.get("subject"), claims.get("addresses")
    try:
        asked = uuid.UUID(str(claims.get("erasure")))
    except ValueError:
        raise MalformedError("erasure") from None
    if not isinstance(subject, str) or not _is_text(subject, 64):
        raise MalformedError("subject")
    if not isinstance(addresses, dict) or len(addresses) > MOST_ADDRESSES:
        raise MalformedError("addresses")
    for address, known in addresses.items():
        if not _is_text(address, 320) or not (known is None or isinstance(known, bool)):
            raise MalformedError("addresses")
    return Wanted(asked, subject, addresses)


def is_global(subject: str) -> bool:
    """Whether no two regions give this id to different people: a UUID is random, and the number 1
    is everywhere."""
    try:
        return len(subject) >= 32 and bool(uuid.UUID(subject))
    except ValueError:
        return False


def _is_text(value: str, longest: int) -> bool:
    """Whether a database takes it: neither NUL nor half a character."""
    is_whole = not any(0xD800 <= ord(letter) < 0xE000 for letter in value)
    return 0 < len(value) <= longest and "\0" not in value and is_whole


def first_use(region: Region, jti: str, expires_at: float) -> bool:
    """Whether the token is seen for the first time: of parallel uses exactly one is."""
    key = hashlib.sha256(f"{region.name}\n{jti}".encode("utf-8", "surrogatepass")).hexdigest()
    try:
        with transaction.atomic():
            RegionToken.objects.create(key=key, expires_at=datetime.fromtimestamp(expires_at, UTC))
    except IntegrityError:
        return False
    return True


def answer(region: Region, wanted: Wanted) -> dict[str, Any]:
    """Begin what ``region`` asks for, or say how far it is: ``state`` is ``running``, ``held`` (by
    law), or ``done``, with the ``receipt``. It is always the same one."""
    RegionalRequest.objects.bulk_create(
        [RegionalRequest(region=region.name, erasure=wanted.erasure)], ignore_conflicts=True
    )
    with transaction.atomic():
        row = RegionalRequest.objects.select_for_update().get(
            region=region.name, erasure=wanted.erasure
        )
        if not row.receipt:
            ours = _ours(row, wanted)
            if not _are_done(ours):
                held = any(each.state == State.WAITING and each.last_error for each in ours)
                return {"state": "held" if held else "running"}
            _conclude(row, wanted, ours)
    return {"state": "done", "receipt": row.receipt}


def _ours(row: RegionalRequest, wanted: Wanted) -> list[Erasure]:
    """Our erasures for it, begun if they are not yet, or were called off."""
    begun = list(Erasure.objects.filter(pk__in=row.erasures).order_by("pk"))
    if begun and all(each.state != State.CANCELLED for each in begun):
        return begun
    people = find(wanted)
    ours, all_told = [], False
    for user in people:
        asked, is_told = _begin(user, wanted)
        ours.append(asked)
        all_told = all_told or is_told
    if not all_told:
        ours.append(_begin_for_nobody(row, wanted))
    kept = [each for each in begun if each.state != State.CANCELLED]
    row.erasures = sorted({str(each.pk) for each in (*kept, *ours)})
    row.accounts = max(row.accounts, len(people))
    row.save(update_fields=["erasures", "accounts"])
    return list(Erasure.objects.filter(pk__in=row.erasures))


def find(wanted: Wanted) -> list[Any]:
    """Everybody here who is meant."""
    model = get_user_model()
    people, found = model._default_manager, {}
    if is_global(wanted.subject):
        try:
            key = model._meta.pk.to_python(wanted.subject)
        except ValidationError:
            key = None
        found = {user.pk: user for user in people.filter(pk=key)} if key else {}
    for address, known in wanted.addresses.items():
        for user in people_with(address) if known else ():
            if canonical(address) in map(canonical, addresses_of(user)):
                found[user.pk] = user
    return list(found.values())


def _begin(user: Any, wanted: Wanted) -> tuple[Erasure, bool]:
    """Erase somebody at once, also where they were to be erased later; and whether that is with
    all of the addresses."""
    asked = erasure.request(user, by=Erasure.By.REGION, grace=timedelta())
    waiting = Erasure.objects.select_for_update().filter(pk=asked.pk, state=State.WAITING).first()
    if waiting:
        own = json.loads(waiting.emails) if waiting.emails else {}
        waiting.emails = json.dumps({**dict.fromkeys(wanted.addresses), **own})
        waiting.save(update_fields=["emails"])
    return erasure.hasten(asked), waiting is not None


def _begin_for_nobody(row: RegionalRequest, wanted: Wanted) -> Erasure:
    """Erase what is kept about the addresses of somebody who has no account here, or whose erasure
    has begun without them."""
    subject = wanted.subject if is_global(wanted.subject) else str(row.pk)
    for name in (subject, str(row.pk)):
        try:
            with transaction.atomic():
                return Erasure.objects.create(
                    subject=name,
                    requested_by=Erasure.By.REGION,
                    emails=json.dumps(wanted.addresses),
                    due_at=timezone.now(),
                )
        except IntegrityError:  # one of that id is under way
            continue
    raise MalformedError("erasure")


def _are_done(ours: list[Erasure]) -> bool:
    """Whether all of it is erased here; one of ours may itself still wait for other regions."""
    *_, last = erasure_steps.AFTER
    done = ErasureStep.objects.filter(erasure__in=ours, name=last)
    return done.values("erasure").count() == len(ours)


def _conclude(row: RegionalRequest, wanted: Wanted, ours: list[Erasure]) -> None:
    """Sign the receipt, once, and set the tombstones of what names the person there."""
    now = timezone.now()
    names_one = is_global(wanted.subject)
    present = [address for address, known in wanted.addresses.items() if known is not None]
    tombstones.bury(wanted.subject if names_one else f"{row.region}:{wanted.subject}", present)
    row.receipt = receipts.sign(
        {
            "iss": ostiary_settings.ISSUER_URL,
            "iat": int(now.timestamp()),
            "jti": str(row.pk),
            "region": configured.here(),
            "answers": {"region": row.region, "erasure": str(row.erasure)},
            "accounts": row.accounts,
            "requested_at": row.asked_at.isoformat(),
            "finished_at": now.isoformat(),
            "steps": erasure_steps.of_here(ours),
            "kept": [kept for each in ours for kept in each.kept],
        }
    )
    row.answered_at = now
    row.save(update_fields=["receipt", "answered_at"])
