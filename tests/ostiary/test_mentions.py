"""Messages are found by whom they speak of, without looking through those of others."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ostiary import dead_letters, encryption, erasure, mail, mentions, outbox, visits
from ostiary.models import OutboxMessage, Visit
from tests.ostiary.conftest import make_person

pytestmark = pytest.mark.django_db
ID = "019aa000-0000-7000-8000-000000000001"
MOST_STATEMENTS = 230
"""Of an erasure of somebody who has nothing, by the apps that a site may have."""


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("alice@example.com", "alice@example.com"),
        (" Alice@EXAMPLE.com\n", "alice@example.com"),
        ("Write to alice@example.com.", "alice@example.com"),
        ("<alice@example.com>, (bob@example.com)", "bob@example.com"),
        ("'alice@example.com' has it", "alice@example.com"),
        ("mailto:alice@example.com?subject=x", "alice@example.com"),
        ("https://id.example/?email=alice%40example.com&x=1", "alice@example.com"),
        ("https://id.example/?email=alice+x@example.com#a", "alice+x@example.com"),
        ("an o'brien@example.com wrote", "o'brien@example.com"),
        ("ÅSA@exämple.com!", "åsa@exämple.com"),
        ('"odd name"@example.com', '"odd name"@example.com'),
        ({"a": [{"to": "alice@example.com"}]}, "alice@example.com"),
        ({"alice@example.com": 1}, "alice@example.com"),
        (f"once for {ID}", ID),
        (f"sms-{ID}/x", ID),
        (ID.upper(), ID),
        (f"user={'a1' * 20};", "a1" * 20),
    ],
    ids=str,
)
def test_a_name_is_found_however_it_stands_in_a_message(said, name):
    assert name in mentions.names_in(said)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("malice@example.com", "alice@example.com"),
        ("alice@example.com.evil.org", "alice@example.com"),
        ("number 1", "1"),
        ({"version": 1, "none": None}, "1"),
        ("a" * 65, "a" * 64),
    ],
    ids=str,
)
def test_what_is_part_of_another_name_is_not_taken_for_it(said, name):
    assert name not in mentions.names_in(said)


def test_the_row_says_nothing_that_can_be_read_or_guessed():
    message = outbox.enqueue("events.hook", {"event": "alice@example.com"})

    assert message.mentions
    assert "alice" not in json.dumps(message.mentions)
    assert message.mentions == mentions.in_message(["alice@example.com"], None)


def test_a_message_of_an_older_version_is_found_too_and_gets_its_hashes():
    theirs = outbox.enqueue("events.hook", {"event": f"of {ID}"}, key=f"about {ID}")
    outbox.enqueue("events.hook", {"event": "of bob@example.com"})
    OutboxMessage.objects.update(mentions=None)

    assert [each.pk for each in mentions.about([ID])] == [theirs.pk]
    assert not OutboxMessage.objects.filter(mentions__isnull=True).exists()
    assert [each.pk for each in mentions.about([ID])] == [theirs.pk]


def test_one_that_names_very_many_is_looked_through_every_time():
    message = outbox.enqueue("events.hook", {"event": [f"p{n}@example.com" for n in range(99)]})

    assert message.mentions is None
    for _ in range(2):
        assert [each.pk for each in mentions.about(["p7@example.com"])] == [message.pk]


def test_nothing_is_left_of_the_name_in_messages_that_were_sent(person, other_person):
    outbox.enqueue("events.hook", {"event": [person.email, other_person.email]}, key="both")
    outbox.enqueue("events.hook", {"event": "x"}, key=f"for {person.email}")
    OutboxMessage.objects.update(state="done", payload=None)
    digests = mentions.in_message(other_person.email, None)

    found = mentions.about([person.email])
    assert dead_letters.forget(found) == 0, "they are over"
    mentions.blot_out([person.email], found)

    kept = dict(OutboxMessage.objects.values_list("key", "mentions"))
    assert kept == {"both": digests, None: []}


def test_an_erasure_reads_and_decrypts_nothing_of_others(person, monkeypatch, transactional_db):
    """However many there are: as many statements, and nothing of theirs is decrypted."""
    decrypted: list[int] = []
    decrypt = encryption.KeyRing.decrypt

    def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        decrypted.append(1)
        return decrypt(self, *args, **kwargs)

    def erase(someone: Any) -> tuple[int, int]:
        asked = erasure.request(someone, grace=timedelta())
        decrypted.clear()
        with CaptureQueriesContext(connection) as statements:
            assert erasure.run(asked.pk)
        people = connection.ops.quote_name(type(someone)._meta.db_table)
        read = [each["sql"] for each in statements if f"FROM {people}" in each["sql"]]
        assert all(" WHERE " in sql for sql in read), "nobody else is read, or locked"
        return len(statements), len(decrypted)

    monkeypatch.setattr(encryption.KeyRing, "decrypt", counting)
    erase(make_person("warm@example.com"))
    OutboxMessage.objects.all().delete()
    alone = erase(make_person("first@example.com"))
    for number in range(20):
        other = make_person(f"p{number}@example.com")
        mail.send_email(other.email, "ostiary/mail/erased", {"receipt": "waits"})
        visits.note(f"key-{number}", str(other.pk))
    among_many = erase(make_person("other@example.com"))

    assert among_many == alone
    assert among_many[0] <= MOST_STATEMENTS
    assert Visit.objects.count() == 20
    assert OutboxMessage.objects.filter(drop_reason="").count() >= 20


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such index")
def test_the_index_is_there_and_of_use():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = mentions._found(OutboxMessage.objects.all(), {"alice@example.com", ID}).explain()

    assert "ostiary_outbox_mentions" in plan
