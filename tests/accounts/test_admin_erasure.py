"""Operators erase who writes in: with a reason, after a fresh proof, and the person is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from ostiary import erasure
from ostiary.models import Erasure, Event
from ostiary.privacy import pseudonym_of
from ostiary.retention import Kept
from tests.accounts import flow
from tests.accounts.conftest import make_operator, make_person
from tests.operators import desk_of

pytestmark = pytest.mark.django_db
User = get_user_model()
PEOPLE, ERASURES = "/admin/ostiary_accounts/user/", "/admin/ostiary/erasure/"


def court(user):
    """A rule: a legal hold."""
    return [Kept("Everything", "A court wants it.", holds=True)]


@pytest.fixture
def operator(db):
    """May have people erased, and call it off."""
    return make_operator("operator", "view_user", "delete_user", "view_erasure", "change_erasure")


@pytest.fixture
def desk(operator):
    return desk_of(operator)


def erase(desk, person, reason="Wrote to us, ticket 7"):
    return desk.post(f"{PEOPLE}{person.pk}/delete/", {"reason": reason, "post": "yes"})


def do(desk, action):
    keys = [str(key) for key in Erasure.objects.values_list("pk", flat=True)]
    return desk.post(ERASURES, {"action": action, "_selected_action": keys}, follow=True)


def test_to_delete_a_person_is_to_have_them_erased(desk, operator, person):
    assert "What is retained, and why" in desk.get(f"{PEOPLE}{person.pk}/delete/").text

    assert erase(desk, person).status_code == 302

    asked = erasure.of(person)
    assert (asked.requested_by, asked.reason) == ("operator", "Wrote to us, ticket 7")
    assert asked.operator == pseudonym_of(operator)
    assert User.objects.filter(pk=person.pk).exists()
    assert "will be deleted" in flow.delivered()[-1].subject
    event = Event.objects.get(kind="erasure.requested")
    assert event.details["operator"] == pseudonym_of(operator)
    assert "is already scheduled for deletion" in erase(desk, person).text


def test_without_a_reason_or_the_permission_nothing_is_asked_for(desk, person):
    assert erase(desk, person, reason=" ").status_code == 200
    assert erase(desk_of(make_operator("helper", "view_user")), person).status_code == 403
    assert not Erasure.objects.exists()


def test_only_a_superuser_has_an_operator_erased(desk, person):
    chief = make_person("chief@example.com", is_staff=True)

    assert erase(desk, chief).status_code == 403
    assert erase(desk_of(make_operator("root", is_superuser=True)), chief).status_code == 302


def test_c8_it_takes_a_fresh_sign_in(desk, person):
    session = desk.session
    proof = {**session["ostiary.assurance"], "auth_time": timezone.now().timestamp() - 3600}
    session["ostiary.assurance"] = proof
    session.save()

    assert "reauthenticate" in erase(desk, person)["Location"]
    assert not Erasure.objects.exists()


def test_operators_see_what_it_waits_for_and_try_it_again(desk, person, settings):
    settings.OSTIARY = {
        **settings.OSTIARY,
        "RETENTION_RULES": ["tests.accounts.test_admin_erasure.court"],
    }
    asked = erasure.request(person, grace=timedelta(), reason="left")
    erasure.run(asked.pk)
    assert "Held: A court wants it." in desk.get(ERASURES).text
    page = desk.get(f"{ERASURES}{asked.pk}/change/").text
    assert "Held: A court wants it." in page
    assert "delete_user" in page
    assert "left" in page

    settings.OSTIARY = {**settings.OSTIARY, "RETENTION_RULES": []}
    do(desk, "try_now")

    assert erasure.run_due() == 1
    page = desk.get(f"{ERASURES}{asked.pk}/change/").text
    assert Erasure.objects.get().receipt in page
    assert str(person.pk) not in page


def test_the_time_to_think_better_of_it_is_not_shortened(desk, person):
    erasure.request(person)

    do(desk, "try_now")

    assert erasure.run_due() == 0


def test_operators_call_it_off_and_the_person_is_told(desk, operator, person):
    erasure.request(person)

    do(desk, "keep")

    assert erasure.of(person) is None
    assert "cancelled" in flow.delivered()[-1].subject
    assert Event.objects.get(kind="erasure.cancelled").details["operator"] == pseudonym_of(operator)


def test_who_may_only_look_does_nothing(person):
    erasure.request(person)
    desk = desk_of(make_operator("viewer", "view_erasure"))

    for action in ("keep", "try_now"):
        do(desk, action)

    assert erasure.of(person)
    assert desk.post(f"{ERASURES}add/").status_code == 403
