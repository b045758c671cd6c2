"""What the overview says of passkeys."""

import pytest

from ostiary.ids import uuid7
from ostiary.protection import Order
from passkeys.models import Credential
from passkeys.protection import report

pytestmark = pytest.mark.django_db


def told(rf, user):
    request = rf.get("/")
    request.user = user
    found = report(request)
    [fact] = found.facts
    return str(fact.value), [each.order for each in found.advice], found.is_strong


def test_without_one_a_first_is_advised(rf, person, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert told(rf, person) == ("None", [Order.PASSKEY], False)


def test_with_one_beside_a_password_nothing_is(rf, person, passkey):
    assert told(rf, person) == ("1 passkey", [], True)


def test_where_one_on_one_device_is_all_they_have_a_second_is(rf, person, passkey):
    person.set_unusable_password()

    assert told(rf, person) == ("1 passkey", [Order.ANOTHER_PASSKEY], True)

    second = Credential.objects.get()
    second.pk, second.credential_id = uuid7(), b"second"
    second.save(force_insert=True)
    assert told(rf, person) == ("2 passkeys", [], True)


def test_one_that_is_synced_is_enough(rf, person, synced_passkey):
    person.set_unusable_password()

    assert told(rf, person) == ("1 passkey", [], True)
