"""What is told where a region doesn't answer: to operators, by the log of events, and to the person
whose receipt waits for it. Once for each region; asking goes on."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from .. import erasure_steps, events, mail
from ..conf import ostiary_settings
from ..models import RegionalReceipt

log = logging.getLogger(__name__)

EVENT = "erasure.region_missing"


def overdue() -> QuerySet[RegionalReceipt]:
    """What has been missing for longer than ``REGION_ALARM_HOURS``."""
    since = timezone.now() - timedelta(hours=ostiary_settings.REGION_ALARM_HOURS)
    return RegionalReceipt.objects.filter(answered_at=None, asked_at__lt=since)


def tell() -> int:
    """Tell of each that nobody was told of; returns how many."""
    told = 0
    for late in overdue().filter(alarmed_at=None).select_related("erasure"):
        with transaction.atomic():
            told += _tell_of(late)
    return told


def _tell_of(late: RegionalReceipt) -> bool:
    silent = RegionalReceipt.objects.filter(pk=late.pk, answered_at=None, alarmed_at=None)
    if not silent.update(alarmed_at=timezone.now()):
        return False  # it has answered, or another worker tells
    since = late.asked_at.isoformat(timespec="seconds")
    events.record(
        EVENT,
        outcome="failure",
        details={"erasure": str(late.erasure_id), "region": late.region, "since": since},
    )
    for address in erasure_steps.known_addresses(late.erasure):
        mail.send_email(
            address,
            "ostiary/mail/region_missing",
            {"region": late.region, "number": str(late.erasure_id)},
            language=late.erasure.language,
        )
    log.error("The region %s has been missing in an erasure since %s.", late.region, since)
    return True
