"""The telephones of a person: which one gets codes, and how another takes its place."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format

from ostiary import cleanup, events, mail
from ostiary.notifications import language_of, notify

from .. import changes, kinds
from ..conf import mfa_settings
from ..models import Phone, RemovedPhone
from . import numbers, sending


def in_use(user: Any) -> Phone | None:
    """The telephone that gets the person's codes."""
    return _confirmed(user).filter(usable_from__lte=timezone.now()).first()


def waiting(user: Any) -> Phone | None:
    """The one that will take its place."""
    return _waiting(user).first()


def _confirmed(user: Any) -> QuerySet[Phone]:
    rows: QuerySet[Phone] = Phone._default_manager.filter(user=user, confirmed=True)
    return rows.order_by("-usable_from")


def _waiting(user: Any) -> QuerySet[Phone]:
    return _confirmed(user).filter(usable_from__gt=timezone.now())


def propose(user: Any, number: str) -> Phone:
    """A telephone that is not confirmed yet; one proposed before is forgotten."""
    with transaction.atomic():
        Phone._default_manager.filter(user=user, confirmed=False).delete()
        phone = Phone(
            user=user,
            name=numbers.masked(number),
            number=number,
            number_hash=numbers.hashes(number)[0],
            country=numbers.country_of(number),
            ending=numbers.ending(number),
        )
        phone.save(force_insert=True)
    return phone


def confirm(request: HttpRequest, phone: Phone, kind: kinds.Kind) -> bool:
    """The person has it in their hands: it gets codes, at once or, in place of another, later; one
    that they have just removed counts as such a one.

    ``False`` if it has gone meanwhile. The number whose place it takes is told too.
    """
    user = phone.user
    with transaction.atomic():
        _lock(user)
        old = in_use(user)
        phone.confirmed, phone.usable_from = True, _usable_from(phone, old)
        waits = phone.usable_from > timezone.now()
        mine = Phone._default_manager.filter(pk=phone.pk, confirmed=False)
        if not mine.update(confirmed=True, usable_from=phone.usable_from):
            return False
        _waiting(user).exclude(pk=phone.pk).delete()
        if old is None and not waits:
            changes.added(request, user, kind)
        else:
            events.record("phone.changed", user=user, request=request)
            told = {
                "number": phone.name,
                "date": _date(user, phone.usable_from),
                "link": mail.absolute_url(reverse(kind.url_name)),
            }
            notify(user, "phone_changed", told, request=request)
    if old is not None:
        sending.tell_of_change(user, old)
    return True


def stop_change(request: HttpRequest, user: Any) -> bool:
    """Keep the number that is in use; ``False`` if none was to take its place."""
    with transaction.atomic():
        if not _waiting(user).delete()[0]:
            return False
        events.record("phone.kept", user=user, request=request)
        notify(user, "phone_kept", request=request)
    return True


def remove(request: HttpRequest, phone: Phone, kind: kinds.Kind) -> bool:
    """Send the person no more codes by text message; ``False`` if it was gone already."""
    with transaction.atomic():
        _lock(phone.user)
        if phone == in_use(phone.user):
            RemovedPhone.objects.update_or_create(
                user=phone.user,
                defaults={"number_hash": phone.number_hash, "removed_at": timezone.now()},
            )
        Phone._default_manager.filter(user=phone.user).exclude(pk=phone.pk).delete()
        return changes.remove(request, phone, kind)


def _usable_from(phone: Phone, old: Phone | None) -> datetime:
    """From when on the number gets codes: at once where it takes the place of none, or of itself.

    One that is confirmed again while it waits waits no longer than before.
    """
    now = timezone.now()
    wait = timedelta(hours=mfa_settings.SMS_CHANGE_HOURS)
    removed = RemovedPhone.objects.filter(user=phone.user, removed_at__gt=now - wait).first()
    if old is None and (removed is None or removed.number_hash == phone.number_hash):
        return now
    same = _waiting(phone.user).filter(number_hash=phone.number_hash).exclude(pk=phone.pk).first()
    return min(now + wait, same.usable_from) if same and same.usable_from else now + wait


def forget_removed() -> int:
    """Forget removals after which another number no longer waits; returns how many."""
    wait = timedelta(hours=mfa_settings.SMS_CHANGE_HOURS)
    return cleanup.remove(RemovedPhone.objects.filter(removed_at__lte=timezone.now() - wait))


def forget_replaced(most: int = 1000) -> int:
    """Remove numbers whose place another has taken by now; returns how many."""
    newer = Phone._default_manager.filter(
        user=OuterRef("user"),
        confirmed=True,
        usable_from__gt=OuterRef("usable_from"),
        usable_from__lte=timezone.now(),
    )
    replaced = Phone._default_manager.filter(Exists(newer), confirmed=True)
    keys = list(replaced.values_list("pk", flat=True)[:most])
    Phone._default_manager.filter(pk__in=keys).delete()
    return len(keys)


def _lock(user: Any) -> None:
    get_user_model()._default_manager.select_for_update().get(pk=user.pk)


def _date(user: Any, moment: datetime) -> str:
    with translation.override(language_of(user)):
        return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
