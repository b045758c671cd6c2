"""The administration's own log forgets who was erased."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from ostiary import admin_log
from ostiary.models import Session

pytestmark = [pytest.mark.django_db, pytest.mark.needs("idp_site")]


def entry(by, row, words="Something"):
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(row),
        object_id=row.pk or uuid.uuid4(),
        object_repr=words,
        action_flag=CHANGE,
    )


def session_of(user):
    now = timezone.now()
    return Session.objects.create(
        user=user, session_key="x", created_at=now, authenticated_at=now, last_seen_at=now
    )


def test_entries_about_the_person_their_rows_and_their_address_go_and_others_stay(
    person, other_person
):
    entry(other_person, person)
    entry(other_person, session_of(person))
    entry(other_person, Session(), f"Passkey ({person.email.upper()})")
    entry(person, other_person)
    entry(other_person, other_person, "stays")
    entry(other_person, session_of(other_person), "stays")

    assert admin_log.erase(person) == {"admin.LogEntry": 4}

    assert set(LogEntry.objects.values_list("object_repr", flat=True)) == {"stays"}
    assert admin_log.erase(person) == {"admin.LogEntry": 0}
