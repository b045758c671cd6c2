"""Whether a person's address gets mail: what its provider has reported, and what follows.

Reports come late, twice and in any order. So each message keeps the gravest that was said of it,
and the mark is computed from what the messages have, in the order in which they were sent: the same
reports give the same mark. A confirmation by the person, or by an operator, ends what was before.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from . import events, privacy
from .email_addresses import canonical, people_with, spellings
from .models import MailMark, SentMail

Report = SentMail.Report
State = MailMark.State

RANK = {
    Report.NONE: 0,
    Report.FAILED: 1,
    Report.DELIVERED: 2,
    Report.BOUNCED: 3,
    Report.COMPLAINED: 4,
}
KINDS = {State.BOUNCED: "mail.bounced", State.COMPLAINED: "mail.complained"}


def standing(before: str, newest: str, *, complained: bool) -> str:
    """The mark that follows from the one before, the report about the newest message that has one,
    and whether there is a complaint.

    What is delivered clears a bounce, and not a complaint: the mailbox was there all the time.
    """
    if complained or before == State.COMPLAINED:
        return State.COMPLAINED.value
    return State.BOUNCED.value if newest == Report.BOUNCED else State.NONE.value


def digest(address: str) -> str:
    """The keyed hash of an address."""
    return privacy.digest("mail", canonical(address))


def _digests(address: str) -> list[str]:
    """What a mark of the address may have, one that was set by an earlier version too."""
    return [privacy.digest("mail", form) for form in spellings(address)]


def is_marked(address: str) -> bool:
    """Whether this address gets only what is needed (one statement)."""
    marked = MailMark.objects.exclude(state=State.NONE)
    return marked.filter(digest__in=_digests(address)).exists()


def mark_of(user: Any) -> str:
    """The mark of the person's present address; ``""`` for none."""
    mark = MailMark.objects.filter(pk=user.pk).exclude(state=State.NONE).first()
    present = getattr(user, user.get_email_field_name(), "")
    return mark.state if mark and present and mark.digest in _digests(present) else ""


def reported(provider_id: str, report: str) -> bool:
    """Take a report about one message; whether it is one that was sent to a person.

    A repeat, or a report that is less grave than another about the same message, changes nothing.
    """
    lighter = [each for each, rank in RANK.items() if rank < RANK[Report(report)]]
    with transaction.atomic():
        about = SentMail.objects.filter(provider_id=provider_id[:200]).select_related("user")
        found = list(about)
        now = timezone.now()
        if about.filter(report__in=lighter).update(report=report, reported_at=now):
            for each in found:
                if report == Report.FAILED:
                    events.record("mail.not_sent", user=each.user, outcome="failure")
                else:
                    _settle(each.user_id, each.digest)
    return bool(found)


def refused(address: str, key: str) -> None:
    """A mail server has said, while it was sent, that there is no such mailbox."""
    with transaction.atomic():
        for user in people_with(address):
            SentMail.objects.create(
                user=user,
                key=key,
                digest=digest(address),
                report=Report.BOUNCED,
                reported_at=timezone.now(),
            )
            _settle(user.pk, digest(address))


def clear(user: Any, **told: Any) -> bool:
    """Take the mark off the person's address; ``False`` if there was none. What was sent before
    marks it no more. ``told`` goes to the log."""
    with transaction.atomic():
        changed = (
            MailMark.objects.filter(pk=user.pk)
            .exclude(state=State.NONE)
            .update(state=State.NONE, cleared_at=timezone.now())
        )
        if changed:
            events.record("mail.cleared", user=user, **told)
    return bool(changed)


def _settle(user_id: Any, of: str) -> None:
    """Bring the mark to what the reports say. The person is locked meanwhile, so that of two
    reports at once the second sees the first."""
    # Not the key: a sign-in meanwhile, whose session points at the person, doesn't wait for it.
    users = get_user_model()._default_manager.select_for_update(no_key=True)
    user: Any = users.filter(pk=user_id).first()
    if user is None or digest(getattr(user, user.get_email_field_name(), "")) != of:
        return  # it is not their address any more
    mark = MailMark.objects.filter(pk=user_id).first()
    since = _counts_from(user, mark)
    rows = SentMail.objects.filter(user=user, digest=of)
    # What the provider failed to send says nothing of the address.
    rows = rows.exclude(report__in=[Report.NONE, Report.FAILED])
    if since:
        rows = rows.filter(sent_at__gt=since)
    newest = rows.order_by("-sent_at", "-pk").values_list("report", flat=True).first() or ""
    before = mark.state if mark and mark.digest == of else ""
    state = standing(before, newest, complained=rows.filter(report=Report.COMPLAINED).exists())
    if state == before:
        return
    MailMark.objects.update_or_create(
        user=user, defaults={"digest": of, "state": state, "marked_at": timezone.now()}
    )
    events.record(KINDS.get(State(state), "mail.cleared"), user=user)


def _counts_from(user: Any, mark: MailMark | None) -> datetime | None:
    """Since when the address is known to be good, if it ever was confirmed."""
    told = (mark and mark.cleared_at, getattr(user, "email_verified_at", None))
    return max((each for each in told if each), default=None)
