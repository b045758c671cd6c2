"""The side on which an erasure was asked for: it asks every other region, and is complete when each
has returned its own signed receipt.

One message of the outbox for each region, which is tried until that region has answered. The
request is the same each time, and what it asks for is named by the id of the erasure, so that it
doesn't matter how often it arrives.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from django.db import transaction
from django.utils import timezone

from .. import outbox, receipts
from ..later import Later
from ..models import Erasure, OutboxMessage, RegionalReceipt
from . import keys, link, tokens
from .configured import Region, other, others, own

log = logging.getLogger(__name__)

KIND = "regions.erase"
PATH = "/regions/erasures"
LONGEST_PAUSE_SECONDS = 600
POLL_SECONDS = 2
"""Before it is asked again what takes its time there."""
SPARED = 3
"""For so many times as long as a region let us wait in vain, this process doesn't ask it again: one
that is silent must not take all the time of a worker that has others to serve."""

_spared_until: dict[Region, float] = {}


class NoReceiptError(Exception):
    """The region didn't answer as it has to. The text is for operators."""


# --- steps of an erasure --------------------------------------------------------------------------


def ask_every_region(erasure: Erasure, user: Any) -> None:
    """Ask each other region, once this transaction has committed."""
    if erasure.requested_by == Erasure.By.REGION:
        return
    for region in others():
        RegionalReceipt.objects.create(erasure=erasure, region=region.name)
        outbox.enqueue(
            KIND,
            {"erasure": str(erasure.pk), "region": region.name},
            key=_key(erasure, region.name),
        )


def hear_from_every_region(erasure: Erasure, user: Any) -> None:
    """Wait until each has answered. Raises ``Later`` with the names of those that have not."""
    if names := missing(erasure):
        raise Later(
            f"Waits for the regions: {', '.join(names)}"[:300], lambda: not missing(erasure)
        )


STEPS = {"ask_regions": ask_every_region, "wait_for_regions": hear_from_every_region}
"""By the names under which the database knows them."""


def missing(erasure: Erasure) -> list[str]:
    """The regions that have not answered, by their names."""
    unanswered = erasure.regions.filter(answered_at=None)
    return sorted(unanswered.values_list("region", flat=True))


def receipts_of(erasure: Erasure) -> list[dict[str, str]]:
    """What the erasure's own receipt holds of those of the other regions."""
    answered = erasure.regions.order_by("region")
    return [{"region": each.region, "receipt": each.receipt} for each in answered]


def hasten(erasure: Erasure) -> None:
    """Ask those that have not answered again now, as far as nobody is at it."""
    waiting = OutboxMessage.objects.filter(
        key__in=[_key(erasure, name) for name in missing(erasure)],
        state=outbox.State.PENDING,
        leased_until=None,
    )
    waiting.update(next_attempt_at=timezone.now())
    for message in waiting:
        outbox.hand_over_after_commit(message)


def ask_now(erasure: Erasure) -> None:
    """Ask those whose turn it is in this very process, for who waits here."""
    keys_of_them = [_key(erasure, name) for name in missing(erasure)]
    for message in OutboxMessage.objects.filter(key__in=keys_of_them):
        outbox.deliver(message.pk)


def _key(erasure: Erasure, region: str) -> str:
    return f"{KIND}:{erasure.pk}:{region}"


# --- asking ---------------------------------------------------------------------------------------


@outbox.handler(KIND, queue=outbox.Queue.BULK, at_least_every=LONGEST_PAUSE_SECONDS)
def _ask(payload: dict[str, Any], key: str) -> None:
    rows = RegionalReceipt.objects.filter(
        erasure=payload["erasure"], region=payload["region"], answered_at=None
    )
    asked = rows.select_related("erasure").first()
    if asked is None:
        return
    try:
        region, here = other(asked.region), own()
        if region is None or here is None:
            raise NoReceiptError("It is not among OSTIARY['REGIONS'] any more.")
        said = _exchange(region, here, asked.erasure)
        if said.get("state") == "done":
            _take(rows, asked, region, str(said.get("receipt")))
            return
    except (link.LinkError, NoReceiptError, tokens.Refused, receipts.InvalidReceipt) as problem:
        rows.update(last_error=f"{type(problem).__name__}: {problem}"[:300])
        raise
    state = "held" if said.get("state") == "held" else "running"
    rows.update(last_error=f"It has begun there, and is {state}.")
    raise outbox.RetryAfter(f"The region {region.name} has begun.", POLL_SECONDS)


def _exchange(region: Region, here: Region, erasure: Erasure) -> dict[str, Any]:
    """What the region says to our request. Raises ``LinkError``, ``NoReceiptError`` or
    ``Refused``."""
    said = {
        "erasure": str(erasure.pk),
        "subject": str(erasure.subject),
        "addresses": json.loads(erasure.emails) if erasure.emails else {},
    }
    request = tokens.make(
        tokens.REQUEST, said, issuer=here, audience=region, now=timezone.now().timestamp()
    )
    answer = _post(region, request)
    if answer.status not in (200, 202) or answer.content_type != "application/jwt":
        raise NoReceiptError(f"HTTP {answer.status}")
    token = answer.body.decode("ascii", "replace")
    claims = tokens.read(
        tokens.ANSWER,
        token,
        keys.of(region, tokens.kid_of(token)),
        issuer=region,
        audience=here,
        now=timezone.now().timestamp(),
    )
    if claims.get("request") != tokens.jti_of(request):
        raise tokens.Refused("It answers another request.")
    return claims


def _post(region: Region, request: str) -> link.Answer:
    """Raises ``LinkError``, at once where the region was silent just now."""
    began = time.monotonic()
    if began < _spared_until.get(region, began):
        raise link.LinkError("It was silent just now.")
    try:
        return link.ask(region.url, PATH, request)
    except link.LinkError:
        now = time.monotonic()
        _spared_until[region] = now + SPARED * (now - began)
        raise


def _take(rows: Any, asked: RegionalReceipt, region: Region, receipt: str) -> None:
    """Keep the region's receipt, if it is that of this erasure, and let the erasure go on."""
    here, now = own(), timezone.now()
    known = keys.of_receipts(region, tokens.kid_of(receipt))
    receipts.verify_regional(
        receipt, known, region.name, here.name if here else "", str(asked.erasure_id)
    )
    with transaction.atomic():
        if not rows.update(receipt=receipt, answered_at=now, last_error=""):
            return
        keys.keep(region, receipt)
        Erasure.objects.filter(pk=asked.erasure_id, state=Erasure.State.RUNNING).update(due_at=now)
    log.info("The region %s has answered for the erasure %s.", region.name, asked.erasure_id)
