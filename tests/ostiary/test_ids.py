"""Identifiers."""

from django.utils import timezone

from ostiary.ids import random_name, uuid7


def test_a_uuid_is_of_version_7_and_tells_the_time_it_was_made():
    made = uuid7()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert abs((made.int >> 80) / 1000 - timezone.now().timestamp()) < 60


def test_uuids_sort_in_the_order_in_which_they_were_made():
    made = [uuid7() for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_a_random_name_has_128_bits():
    names = {random_name() for _ in range(1000)}
    assert len(names) == 1000
    assert all(len(bytes.fromhex(name)) == 16 for name in names)
