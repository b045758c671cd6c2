"""Who was taken over from a system, and is in its files no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from ostiary import events
from ostiary.email_addresses import canonical

from ..addresses import email_of
from ..models import ImportedIdentity
from .existing import is_privileged
from .outcome import ABSENT, SWITCHED_OFF, Outcome
from .survey import Survey

BATCH = 500


@dataclass(frozen=True)
class Absent:
    """Somebody who is gone there. ``stays`` tells why their account is never switched off by that;
    empty if it may be."""

    external_id: str
    user_id: Any
    stays: str


class TooMany(Exception):
    """So many would be switched off that the files may not be whole; the text says how many."""


def find(source: str, survey: Survey) -> list[Absent]:
    """Those who are in no record, and whose accounts are active. Only whole exports tell."""
    known = ImportedIdentity.objects.filter(source=source).order_by("pk")
    gone = [
        pk
        for pk, external_id in known.values_list("pk", "external_id").iterator()
        if not survey.has(external_id)
    ]
    return [
        one
        for start in range(0, len(gone), BATCH)
        for one in _told(source, gone[start : start + BATCH], survey)
    ]


def _told(source: str, keys: list[int], survey: Survey) -> Iterator[Absent]:
    identities = ImportedIdentity.objects.filter(pk__in=keys).select_related("user")
    elsewhere = ImportedIdentity.objects.exclude(source=source)
    others = dict(
        elsewhere.filter(user__in=[one.user_id for one in identities]).values_list("user", "source")
    )
    for identity in identities:
        user: Any = identity.user
        if not getattr(user, "is_active", True):
            continue  # as it should be
        if is_privileged(user):
            stays = "Imports don't change operators."
        elif not identity.made_account:
            stays = "The account wasn't created by an import, as far as we know."
        elif user.pk in others:
            stays = f"The user was also imported from “{others[user.pk]}”."
        elif survey.has_address(canonical(email_of(user))):
            stays = "Another record in the files has this address."
        else:
            stays = ""
        yield Absent(identity.external_id, identity.user_id, stays)


def judge(source: str, absent: Iterable[Absent], most_percent: int) -> None:
    """Raises ``TooMany`` if more than this share of all from there would be switched off, and more
    than one."""
    off = sum(not one.stays for one in absent)
    everybody = ImportedIdentity.objects.filter(source=source).count()
    if off > max(1, everybody * most_percent / 100):
        needed = -(-100 * off // everybody)
        raise TooMany(
            f"{off:,} of {everybody:,} users from “{source}” aren't in these files, and would be "
            f"deactivated. Nothing was changed. Check that the files are complete. If they are, "
            f"add --absent-most {needed}."
        )


def listed(absent: Iterable[Absent]) -> Iterator[Outcome]:
    """What is told of them, if nothing is done."""
    for one in absent:
        text = one.stays or "No longer in the source. The account here is active."
        yield Outcome(ABSENT, one.external_id, reason="absent", text=text)


def switch_off(source: str, absent: Iterable[Absent], *, dry_run: bool) -> Iterator[Outcome]:
    """Switch their accounts off, which ends sessions and tokens, and tell of each."""
    for one in absent:
        text = one.stays or "No longer in the source. The account here was deactivated."
        if one.stays:
            yield Outcome(ABSENT, one.external_id, reason="absent", text=text)
        elif dry_run or _switch_off(source, one):
            yield Outcome(SWITCHED_OFF, one.external_id, reason="absent", text=text)


@transaction.atomic
def _switch_off(source: str, one: Absent) -> bool:
    """Whether it was; somebody else may have been faster."""
    people: Any = get_user_model()._base_manager.select_for_update()
    user = people.filter(pk=one.user_id, is_active=True).first()
    still = ImportedIdentity.objects.filter(source=source, external_id=one.external_id)
    if user is None or not still.exists():
        return False
    user.is_active = False
    names = {field.name for field in user._meta.concrete_fields}
    user.save(update_fields=[name for name in ("is_active", "updated_at") if name in names])
    details = {"source": source, "fields": ["is_active"]}
    events.record("person.import_updated", user=user, details=details)
    return True
