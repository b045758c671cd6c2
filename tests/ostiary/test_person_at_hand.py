"""The person who is read with their session is taken for nobody else, and by nobody later."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ostiary import person_at_hand
from ostiary.models import Session
from tests.ostiary.conftest import who

pytestmark = pytest.mark.django_db
Person = get_user_model()


@pytest.fixture
def other(person: Any) -> Any:
    """Somebody else."""
    return Person.objects.create_user("somebody@example.com")


def test_only_the_very_person_is_taken(person: Any, other: Any) -> None:
    with person_at_hand.holding(person):
        assert Person.objects.get(pk=person.pk) is person
        assert Person.objects.get(pk=other.pk) == other
        assert Person.objects.get(email=person.email) is not person
    assert Person.objects.get(pk=person.pk) is not person


def test_nobody_is_at_hand_after_an_error(person: Any) -> None:
    with pytest.raises(RuntimeError), person_at_hand.holding(person):
        raise RuntimeError
    assert person_at_hand.take(person.pk) is None


def test_a_manager_of_somebodys_people_takes_nobody(person: Any) -> None:
    group = Group.objects.create(name="staff")
    with person_at_hand.holding(person), pytest.raises(Person.DoesNotExist):
        group.user_set.get(pk=person.pk)


def test_a_session_whose_row_is_another_persons_is_nobodys(
    signed_in_browser: Any, other: Any
) -> None:
    Session.objects.update(user=other)
    assert who(signed_in_browser)["user"] is None


def test_a_session_that_says_it_is_another_persons_is_nobodys(
    signed_in_browser: Any, other: Any
) -> None:
    session = signed_in_browser.session
    session["_auth_user_id"] = str(other.pk)
    session.save()
    assert who(signed_in_browser)["user"] is None


def test_what_changed_since_the_last_request_counts(signed_in_browser: Any, person: Any) -> None:
    assert who(signed_in_browser)["user"] is not None
    Person.objects.filter(pk=person.pk).update(is_active=False)  # without a signal
    assert who(signed_in_browser)["user"] is None


def test_a_changed_password_counts_at_once(signed_in_browser: Any, person: Any) -> None:
    Person.objects.filter(pk=person.pk).update(password="another")
    assert who(signed_in_browser)["user"] is None


def test_people_of_a_manager_that_does_not_look_are_found_by_a_statement_more(
    signed_in_browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    for looks in (True, False):
        monkeypatch.setattr(type(Person._default_manager), "takes_person_at_hand", looks)
        with CaptureQueriesContext(connection) as done:
            assert who(signed_in_browser)["user"] is not None
        counts.append(len(done))
    assert counts[1] == counts[0] + 1
