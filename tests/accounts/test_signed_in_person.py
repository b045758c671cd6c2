"""Who is signed in is looked up by SQL that is made once, and found as Django would find them."""

import uuid

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import Group

from accounts.models import User

pytestmark = pytest.mark.django_db


def test_a_person_is_found_by_primary_key_in_one_statement(person, django_assert_num_queries):
    for _ in range(2):  # as the SQL is made, and once it is there
        with django_assert_num_queries(1):
            found = User.objects.get(pk=person.pk)
            assert found.email == person.email
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert not User.objects.get(pk=person.pk).is_active


def test_nobody_is_found_by_another_key(person):
    with pytest.raises(User.DoesNotExist):
        User.objects.get(pk=uuid.uuid4())


def test_a_manager_of_some_people_finds_none_but_them(person):
    group = Group.objects.create(name="Support")
    with pytest.raises(User.DoesNotExist):
        group.user_set.get(pk=person.pk)
    group.user_set.add(person)
    assert group.user_set.get(pk=person.pk) == person
    with pytest.raises(User.DoesNotExist):
        User.objects.filter(is_staff=True).get(pk=person.pk)


def test_whoever_was_switched_off_is_anonymous_at_the_next_request(rf, client, person):
    client.force_login(person)
    request = rf.get("/")
    request.session = client.session
    assert get_user(request) == person

    User.objects.filter(pk=person.pk).update(is_active=False)
    assert get_user(request).is_anonymous
