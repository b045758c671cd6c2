"""Encryption at rest: a ring of keys, and values bound to their place."""

import base64
import json
import secrets

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from ostiary import event_chain, outbox
from ostiary.encryption import DecryptionFailed, KeyRing, is_weak, parse_key, ring
from ostiary.models import Event, OutboxMessage, PersonKey


def new_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def in_the_table(message: OutboxMessage) -> bytes:
    """What really stands in the database."""
    with connection.cursor() as cursor:
        pk = message.pk.hex if connection.vendor == "sqlite" else message.pk
        cursor.execute("SELECT payload FROM ostiary_outboxmessage WHERE id = %s", [pk])
        return bytes(cursor.fetchone()[0])


@pytest.fixture
def message(db):
    return OutboxMessage.objects.create(kind="test", payload="the secret text")


# --- the ring -----------------------------------------------------------------------------------


@given(st.binary(), st.binary())
def test_what_was_encrypted_comes_back(plaintext, place):
    a_ring = KeyRing([secrets.token_bytes(32)])
    assert a_ring.decrypt(a_ring.encrypt(plaintext, place), place) == plaintext


@given(st.data())
def test_any_altered_byte_is_noticed(data):
    a_ring = KeyRing([secrets.token_bytes(32)])
    blob = bytearray(a_ring.encrypt(b"value", b"place"))
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DecryptionFailed):
        a_ring.decrypt(bytes(blob), b"place")


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01abcd", b"\x02" + b"x" * 60])
def test_what_is_no_value_of_ours_is_an_error_of_ours(blob):
    with pytest.raises(DecryptionFailed):
        KeyRing([secrets.token_bytes(32)]).decrypt(blob, b"place")


def test_the_same_value_is_never_encrypted_alike():
    a_ring = KeyRing([secrets.token_bytes(32)])
    assert len({a_ring.encrypt(b"value", b"place") for _ in range(100)}) == 100


def test_the_newest_key_encrypts_and_all_decrypt():
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    before = KeyRing([old]).encrypt(b"value", b"place")
    both = KeyRing([new, old])

    assert both.decrypt(before, b"place") == b"value"
    assert KeyRing([new]).decrypt(both.encrypt(b"value", b"place"), b"place") == b"value"
    with pytest.raises(DecryptionFailed):
        KeyRing([new]).decrypt(before, b"place")


def test_a_ring_needs_a_key_and_says_how_to_make_one():
    with pytest.raises(ImproperlyConfigured, match=r"secrets\.token_bytes\(32\)"):
        KeyRing([])


def test_keys_derived_for_different_purposes_have_nothing_in_common():
    a_ring = KeyRing([secrets.token_bytes(32)])
    assert a_ring.derive("one") != a_ring.derive("two")
    assert a_ring.derive("one") == a_ring.derive("one")
    assert a_ring.derive_all("one")[0] == a_ring.derive("one")


def test_no_key_stands_in_a_repr():
    key = secrets.token_bytes(32)
    assert repr(KeyRing([key])) == "<KeyRing of 1>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has 0 bytes"),
        ("c2hvcnQ=", "has 5 bytes"),
        ("ä" * 43, "is not base64url"),
        ("!" * 43, "is not base64url"),
        (base64.urlsafe_b64encode(b"x" * 33).decode(), "has 33 bytes"),
    ],
)
def test_a_malformed_key_is_refused_in_words(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_key(text)


def test_a_key_may_lack_its_padding_and_have_space_around_it():
    key = secrets.token_bytes(32)
    text = base64.urlsafe_b64encode(key).decode()
    assert parse_key(f" {text.rstrip('=')}\n") == parse_key(text) == key


def test_a_key_made_by_a_person_is_weak_and_one_made_by_chance_is_not():
    assert is_weak(bytes(32))
    assert is_weak(b"correct horse battery staple 123")
    assert is_weak(b"\x00\xff" * 16)
    assert not any(is_weak(secrets.token_bytes(32)) for _ in range(10_000))


# --- fields -------------------------------------------------------------------------------------


def test_a_field_gives_its_plaintext_and_keeps_only_ciphertext(message):
    assert OutboxMessage.objects.get().payload == "the secret text"
    assert b"secret" not in in_the_table(message)


def test_an_encrypted_value_has_no_repr(message):
    found = OutboxMessage.objects.get()
    assert "secret" not in repr(found.__dict__["payload"])
    assert repr(OutboxMessage.objects.values_list("payload", flat=True)[0]) == "<Sealed>"


def test_a_value_moved_to_another_row_fails(message):
    other = OutboxMessage.objects.create(kind="test", payload="another")
    with connection.cursor() as cursor:
        pk = other.pk.hex if connection.vendor == "sqlite" else other.pk
        cursor.execute(
            "UPDATE ostiary_outboxmessage SET payload = %s WHERE id = %s",
            [in_the_table(message), pk],
        )
    with pytest.raises(DecryptionFailed):
        _ = OutboxMessage.objects.get(pk=other.pk).payload


def test_a_value_moved_to_another_table_fails(message):
    field = PersonKey._meta.get_field("key")
    twin = PersonKey(pk=message.pk, subject="alice")
    with pytest.raises(DecryptionFailed):
        field.open(in_the_table(message), twin)


def test_a_row_can_be_saved_and_loaded_again_and_again(message):
    found = OutboxMessage.objects.get()
    found.payload = "changed"
    found.save()
    found.refresh_from_db()
    assert found.payload == "changed"
    found.save(update_fields=["state"])
    assert OutboxMessage.objects.defer("payload").get().payload == "changed"


def test_nothing_stays_nothing(db):
    OutboxMessage.objects.create(kind="test", payload=None)
    assert OutboxMessage.objects.get(payload__isnull=True).payload is None


def test_an_encrypted_field_cannot_be_searched(message):
    with pytest.raises(FieldError, match="can't be searched"):
        OutboxMessage.objects.filter(payload="the secret text").count()
    with pytest.raises(FieldError, match="can't be searched"):
        OutboxMessage.objects.filter(payload__contains="secret").count()


def test_plaintext_never_reaches_the_table_by_a_side_door(message):
    with pytest.raises(FieldError, match="save the instance"):
        OutboxMessage.objects.update(payload="plain")
    message.payload = "plain"
    with pytest.raises(FieldError, match="save the instance"):
        OutboxMessage.objects.bulk_update([message], ["payload"])


def test_a_dump_of_the_data_does_not_hold_the_plaintext(message, capsys):
    with pytest.raises(Exception, match="isn't serialized"):
        call_command("dumpdata", "ostiary.outboxmessage")
    assert "secret text" not in capsys.readouterr().out


# --- rotation -----------------------------------------------------------------------------------


def rotate(ostiary, *keys: str) -> None:
    ostiary(FIELD_ENCRYPTION_KEYS=list(keys))


@pytest.fixture
def three_messages(db, ostiary):
    """Three messages under an old key, with a new one in front of it; gives both keys."""
    old, new = new_key(), new_key()
    rotate(ostiary, old)
    for number in range(3):
        outbox.enqueue("test", {"number": number}, delay_seconds=3600)
    rotate(ostiary, new, old)
    return old, new


def test_after_rotation_the_old_key_can_leave_the_ring(three_messages, ostiary, capsys):
    _, new = three_messages

    call_command("rotate_field_keys")

    assert "ostiary.OutboxMessage.payload: 3 seen, 3 old" in capsys.readouterr().out
    rotate(ostiary, new)
    numbers = {json.loads(message.payload)["number"] for message in OutboxMessage.objects.all()}
    assert numbers == {0, 1, 2}


def test_rotation_that_was_stopped_goes_on(three_messages, capsys, monkeypatch):
    from ostiary.management.commands.rotate_field_keys import Command

    done = []
    original = Command._encrypt_anew

    def stops(self, model, field, keys):
        if done:
            raise KeyboardInterrupt
        original(self, model, field, keys)
        done.extend(keys)

    monkeypatch.setattr(Command, "_encrypt_anew", stops)
    with pytest.raises(KeyboardInterrupt):
        call_command("rotate_field_keys", batch_size=1)
    monkeypatch.undo()
    capsys.readouterr()

    call_command("rotate_field_keys", batch_size=1)

    assert "ostiary.OutboxMessage.payload: 3 seen, 2 old" in capsys.readouterr().out


def test_a_dry_run_changes_nothing(three_messages, capsys):
    before = {in_the_table(message) for message in OutboxMessage.objects.all()}
    call_command("rotate_field_keys", dry_run=True)
    assert {in_the_table(message) for message in OutboxMessage.objects.all()} == before
    assert not Event.objects.filter(kind="keys.rotated").exists()


def test_rotation_does_not_bring_back_what_the_site_has_just_removed(three_messages, monkeypatch):
    from ostiary.management.commands.rotate_field_keys import Command

    original = Command._encrypt_anew

    def delivered_meanwhile(self, model, field, keys):
        OutboxMessage.objects.filter(pk=keys[0]).update(payload=None)
        original(self, model, field, keys)

    monkeypatch.setattr(Command, "_encrypt_anew", delivered_meanwhile)
    call_command("rotate_field_keys")
    assert OutboxMessage.objects.filter(payload__isnull=True).count() == 1


def test_the_log_still_verifies_when_the_old_key_has_left(three_messages, ostiary, person):
    old, new = three_messages
    rotate(ostiary, old)
    event_chain.events.record("keys.rotated", user=person, personal={"name": "Alice"})
    event_chain.seal()
    rotate(ostiary, new, old)

    call_command("rotate_field_keys")

    rotate(ostiary, new)
    assert list(event_chain.verify()) == []
    told = event_chain.events.of(person).get()
    assert event_chain.events.personal_details(told) == {"name": "Alice"}


def test_what_is_known_of_nobody_survives_a_rotation_too(three_messages, ostiary):
    old, new = three_messages
    rotate(ostiary, old)
    event = event_chain.events.record("keys.rotated", personal={"ip": "198.51.100.7"})
    rotate(ostiary, new, old)

    call_command("rotate_field_keys")

    rotate(ostiary, new)
    assert event_chain.events.personal_details(event) == {"ip": "198.51.100.7"}


def test_the_ring_follows_the_settings(ostiary):
    key = new_key()
    rotate(ostiary, key)
    assert ring().newest_id == KeyRing([parse_key(key)]).newest_id


@pytest.mark.parametrize("text", ["the secret text", "QUJD", ""])
def test_a_text_is_not_taken_for_base64_when_its_row_is_checked(text):
    message = OutboxMessage(kind="test", payload=text)

    message.clean_fields()

    assert message.payload == text
