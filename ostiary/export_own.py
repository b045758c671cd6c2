"""What the ground floor keeps of a person, told to them: their row, whatever the user model, where
they are signed in, what the log has, and what waits to be done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from . import (
    admin_log,
    all_addresses,
    dead_letters,
    event_keys,
    events,
    mentions,
    places,
    privacy_map,
)
from .device import describe
from .email_addresses import canonical
from .encryption import EncryptedField
from .export_masks import Mask, circumstances
from .models import (
    Erasure,
    Event,
    EventKey,
    Export,
    MailMark,
    SentMail,
    Session,
)
from .notifications import addresses_of
from .privacy_map import Mark

BATCH = 500
NEVER = {"password"}
"""A hash of it would let others guess what it is."""


def export(user: Any) -> dict[str, Any]:
    """Everything, what may be much as iterators."""
    mask = Mask(user)
    return {
        "account": account(user),
        "sessions": _sessions(user),
        "events": _events(user, mask),
        "tries_with_your_address": _tries(user),
        "messages_waiting": _messages(user),
        "messages_sent": _sent(user),
        "mail_that_came_back": [
            {"state": mark.state, "marked_at": mark.marked_at, "cleared_at": mark.cleared_at}
            for mark in MailMark.objects.filter(user=user)
        ],
        "erasures": _erasures(user, mask),
        "copies": _copies(user, mask),
        **({"administration": _entries(user, mask)} if _has_admin() else {}),
    }


def account(user: Any) -> dict[str, Any]:
    """The person's row: what its marks say is about a person, or all that is no relation where it
    has none."""
    model = type(user)
    marks = privacy_map.marks_of(model._meta.concrete_model).fields
    told: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        secret = field.name in NEVER or isinstance(field, EncryptedField)
        if not secret and _is_told(field, marks):
            told[field.name] = field.value_from_object(user)
    for field in model._meta.many_to_many:
        if marks.get(field.name) == Mark.PERSONAL:
            told[field.name] = [str(each) for each in getattr(user, field.name).all()]
    return told


def _is_told(field: Any, marks: dict[str, Mark]) -> bool:
    if field.name in marks:
        return marks[field.name] is not Mark.NONE
    return not marks and not field.is_relation


def _sessions(user: Any) -> Iterator[dict[str, Any]]:
    for session in Session.objects.filter(user=user).order_by("id").iterator(BATCH):
        yield {
            "id": session.pk,
            "device": describe(session.user_agent),
            "browser": session.user_agent,
            "address": session.ip_address,
            "place": str(places.place_of(session.ip_address or "") or ""),
            "authentication_methods": session.amr,
            "kept_signed_in": session.remembered,
            "signed_in_at": session.created_at,
            "authenticated_at": session.authenticated_at,
            "last_seen_at": session.last_seen_at,
            "ended_at": session.ended_at,
            "end_reason": session.end_reason,
        }


def _events(user: Any, mask: Mask) -> Iterator[dict[str, Any]]:
    for event in events.of(user).iterator(BATCH):
        yield {
            "at": event.at,
            "kind": event.kind,
            "what": events.sentence(event.kind),
            "outcome": event.outcome,
            "client_id": event.client_id,
            "details": mask(event.details),
            "about_you": mask(circumstances(event.details, events.personal_details(event))),
        }


def _tries(user: Any) -> Iterator[dict[str, Any]]:
    """What somebody did who typed the person's address and was not known: from where is theirs."""
    digests = event_keys.digests(addresses_of(user))
    keys = EventKey.objects.filter(address__in=digests).order_by("event_id")
    for key in keys.values_list("event_id", flat=True).iterator(BATCH):
        event = Event.objects.filter(pk=key).first()
        if event is not None:
            yield {
                "at": event.at,
                "kind": event.kind,
                "what": events.sentence(event.kind),
                "outcome": event.outcome,
                "address_typed": str(events.personal_details(event).get("email", "")),
            }


def _messages(user: Any) -> Iterator[dict[str, Any]]:
    """Mail to the person that waits. What it says may be a code or a link that lets somebody in."""
    own = all_addresses.of(user)
    same = {canonical(address) for address in own}
    for message in sorted(mentions.about(own), key=lambda each: each.pk):
        if message.kind != "email.send" or message.state not in dead_letters.OPEN:
            continue
        to = json.loads(message.payload or "{}").get("to", "")
        if canonical(to) in same:
            yield {"to": to, "state": message.state, "made_at": message.created_at}


def _sent(user: Any) -> Iterator[dict[str, Any]]:
    for sent in SentMail.objects.filter(user=user).order_by("id").iterator(BATCH):
        yield {
            "sent_at": sent.sent_at,
            "report": sent.report,
            "reported_at": sent.reported_at,
            "name_at_provider": sent.provider_id,
        }


def _erasures(user: Any, mask: Mask) -> list[dict[str, Any]]:
    return [
        {
            "state": asked.state,
            "asked_for_by": asked.requested_by,
            "reason": mask(asked.reason),
            "addresses": mask(list(json.loads(asked.emails or "{}"))),
            "asked_for_at": asked.requested_at,
            "due_at": asked.due_at,
        }
        for asked in Erasure.objects.filter(subject=str(user.pk)).order_by("id")
    ]


def _copies(user: Any, mask: Mask) -> list[dict[str, Any]]:
    return [
        {
            "state": asked.state,
            "asked_for_by": asked.requested_by,
            "reason": mask(asked.reason),
            "asked_for_at": asked.requested_at,
            "last_fetched_at": asked.fetched_at,
            "offered_until": asked.expires_at,
        }
        for asked in Export.objects.filter(user=user).order_by("id")
    ]


def _has_admin() -> bool:
    return apps.is_installed("django.contrib.admin")


def _entries(user: Any, mask: Mask) -> Iterator[dict[str, Any]]:
    """What operators did with the person's rows, and what the person did as one: the names of rows
    that are about others are left out."""
    from django.contrib.admin.models import LogEntry

    named = admin_log.about(user)
    entries = LogEntry.objects.filter(Q(user=user) | Q(pk__in=named)).order_by("pk")
    for entry in entries.select_related("content_type").iterator(BATCH):
        known = entry.pk in named
        yield {
            "at": entry.action_time,
            "by_you": entry.user_id == user.pk,
            "action": str(entry.get_action_flag_display()),
            "of_what": entry.content_type.model if entry.content_type else "",
            "row": mask(entry.object_repr) if known else "",
            "changes": mask(entry.change_message) if known else "",
        }


LABELS = {
    "account": _("Your account"),
    "sessions": _("Sessions"),
    "events": _("Activity"),
    "tries_with_your_address": _("Failed attempts with your email address"),
    "messages_waiting": _("Messages waiting to be sent to you"),
    "messages_sent": _("Messages sent to you"),
    "mail_that_came_back": _("Undeliverable email"),
    "erasures": _("Account deletions"),
    "copies": _("Downloads of your data"),
    "administration": _("Changes by administrators"),
    "about_you": _("About you"),
    "action": _("Action"),
    "address": _("Address"),
    "address_typed": _("Email address entered"),
    "addresses": _("Addresses"),
    "asked_for_at": _("Requested"),
    "asked_for_by": _("Requested by"),
    "at": _("When"),
    "authenticated_at": _("Last verified"),
    "authentication_methods": _("Authentication methods"),
    "browser": _("Browser"),
    "by_you": _("By you"),
    "changes": _("Changes"),
    "client_id": _("Client ID"),
    "details": _("Details"),
    "device": _("Device"),
    "cleared_at": _("Cleared"),
    "due_at": _("Due"),
    "end_reason": _("Reason it ended"),
    "ended_at": _("Ended"),
    "id": _("Identifier"),
    "kept_signed_in": _("Kept signed in"),
    "kind": _("Kind"),
    "last_fetched_at": _("Last downloaded"),
    "last_seen_at": _("Last seen"),
    "made_at": _("Created"),
    "marked_at": _("Marked"),
    "name_at_provider": _("ID at the email provider"),
    "of_what": _("Of what"),
    "offered_until": _("Available until"),
    "outcome": _("Outcome"),
    "place": _("Place"),
    "reason": _("Reason"),
    "report": _("Report"),
    "reported_at": _("Reported"),
    "row": _("Entry"),
    "sent_at": _("Sent"),
    "signed_in_at": _("Signed in"),
    "state": _("State"),
    "to": _("To"),
    "what": _("What happened"),
}

OUTCOMES = {"success": _("Succeeded"), "failure": _("Failed"), "refused": _("Refused")}
METHODS = {
    "pwd": _("Password"),
    "otp": _("Authenticator code"),
    "sms": _("Text message"),
    "email": _("Email"),
    "hwk": _("Security key"),
    "swk": _("Passkey"),
    "user": _("Device unlock"),
    "mfa": _("Two-step verification"),
    "kba": _("Backup code"),
}
"""Authentication methods (RFC 8176), and our own for a code or link by email."""
ENDS = {
    "disabled": _("Your account was deactivated"),
    "email_undone": _("You undid the change of your email address"),
    "erasure": _("Your account was deleted"),
    "expired": _("Expired"),
    "factor_recovery": _("You recovered your account"),
    "factor_reset": _("An administrator reset your two-step verification"),
    "not_me": _("You reported that it wasn’t you"),
    "operator": _("An administrator signed you out"),
    "password": _("Your password was changed"),
    "person": _("You signed out"),
    "support": _("An administrator recovered your account"),
}
STATES = {**dict(Erasure.State.choices), **dict(Export.State.choices)}
ASKERS = {**dict(Erasure.By.choices), **dict(Export.By.choices)}
WORDS = {
    "outcome": lambda value: OUTCOMES.get(value, value),
    "authentication_methods": lambda value: METHODS.get(value, value),
    "amr": lambda value: METHODS.get(value, value),
    "end_reason": lambda value: ENDS.get(value, value),
    "kind": events.sentence,
    "state": lambda value: STATES.get(value, value),
    "asked_for_by": lambda value: ASKERS.get(value, value),
}
"""Values that programs know by a name, in words."""
