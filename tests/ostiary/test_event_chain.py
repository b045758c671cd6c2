"""The sealed chain: whatever is altered, removed, moved or cut off is found."""

import json
import logging
import threading
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.utils import timezone

from ostiary import event_chain, events
from ostiary.event_chain import Head
from ostiary.models import Event, EventSeal, SealedEvent
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

KIND = "keys.rotated"
heads: list[Head] = []


def witness(head: Head) -> None:
    """A witness for these tests."""
    heads.append(head)


def broken_witness(head: Head) -> None:
    """A witness that can't be reached."""
    raise ConnectionError("no network")


@pytest.fixture(autouse=True)
def no_heads():
    heads.clear()


@pytest.fixture
def log():
    """Ten events, sealed in two batches."""
    for batch in range(2):
        for n in range(5):
            events.record(KIND, details={"n": batch * 5 + n})
        event_chain.seal()


def problems(*witnessed: Head) -> list[str]:
    return list(event_chain.verify(witnessed))


def by_hand(sql: str, *args: object) -> None:
    """What someone who holds the database can do: PostgreSQL's trigger is off for them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, args)


def key(value: object) -> object:
    """A primary key as it stands in the table."""
    return value.hex if connection.vendor == "sqlite" else value


def event_at(position: int) -> Event:
    return Event.objects.get(pk=SealedEvent.objects.get(position=position).event_id)


def cut_off_after(position: int) -> None:
    """Remove the newest rows with everything that tells of them."""
    for found in SealedEvent.objects.filter(position__gt=position):
        by_hand("DELETE FROM ostiary_event WHERE id = %s", key(found.event_id))
    SealedEvent.objects.filter(position__gt=position).delete()
    EventSeal.objects.filter(position__gt=position).delete()


def seal_anew(after: int) -> None:
    """Compute all links after this position again, as the chain would be for the rows there now."""
    digest = SealedEvent.objects.get(position=after).digest if after else event_chain.GENESIS
    for found in SealedEvent.objects.filter(position__gt=after).order_by("position"):
        digest = event_chain.link(digest, Event.objects.get(pk=found.event_id))
        SealedEvent.objects.filter(position=found.position).update(digest=digest)
        EventSeal.objects.filter(position=found.position).update(digest=digest)


# --- sealing ------------------------------------------------------------------------------------


def test_an_empty_log_is_whole():
    assert event_chain.seal() == 0
    assert problems() == []


def test_sealed_events_verify(log):
    assert problems() == []
    assert [seal.position for seal in EventSeal.objects.all()] == [5, 10]


def test_sealing_again_seals_nothing_twice(log):
    assert event_chain.seal() == 0
    assert SealedEvent.objects.count() == 10


def test_many_events_are_sealed_in_bounded_batches(monkeypatch):
    monkeypatch.setattr(event_chain, "BATCH", 4)
    for _ in range(10):
        events.record(KIND)

    assert event_chain.seal() == 10

    assert [seal.position for seal in EventSeal.objects.all()] == [4, 8, 10]
    assert problems() == []


def test_an_event_that_committed_late_is_sealed_after_those_it_preceded(log):
    late = Event(kind=KIND, at=timezone.now() - timedelta(minutes=30), details={"n": "late"})
    late.save()

    assert event_chain.seal() == 1

    assert event_at(11) == late
    assert problems() == []


def test_one_that_committed_very_late_is_found_by_the_clean_up(log):
    Event(kind=KIND, at=timezone.now() - timedelta(days=6)).save()

    assert event_chain.seal() == 0
    assert event_chain.seal(event_chain.LATE) == 1


@pytest.mark.django_db(transaction=True)
def test_an_open_transaction_delays_its_own_event_only(postgresql):
    written, sealed = threading.Event(), threading.Event()

    def slow():
        try:
            with transaction.atomic():
                events.record(KIND, details={"slow": True})
                written.set()
                sealed.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    written.wait(20)
    events.record(KIND, details={"slow": False})
    first = event_chain.seal()
    sealed.set()
    thread.join()

    assert (first, event_chain.seal()) == (1, 1)
    assert [event_at(n).details["slow"] for n in (1, 2)] == [False, True]
    assert problems() == []


@pytest.mark.django_db(transaction=True)
def test_sealers_that_run_at_once_make_one_chain(monkeypatch):
    monkeypatch.setattr(event_chain, "BATCH", 7)
    for _ in range(50):
        events.record(KIND)

    sealed = at_once(event_chain.seal, ways=8)

    assert sum(sealed) == 50
    assert SealedEvent.objects.count() == 50
    assert problems() == []


@pytest.mark.django_db(transaction=True)
def test_events_written_while_it_is_sealed_are_not_lost():
    def write():
        events.record(KIND)
        return event_chain.seal()

    at_once(write, ways=20)
    event_chain.seal()

    assert SealedEvent.objects.count() == Event.objects.count() == 20
    assert problems() == []


# --- what is found ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "other"),
        ("outcome", "failure"),
        ("subject", "someone-else"),
        ("client_id", "another"),
        ("details", '{"n": 99}'),
        ("personal", b"other"),
        ("at", "2020-01-01 00:00:00+00:00"),
    ],
)
def test_an_altered_event_is_found_whatever_was_altered(log, column, value):
    event = event_at(3)
    by_hand(f"UPDATE ostiary_event SET {column} = %s WHERE id = %s", value, key(event.pk))  # noqa: S608
    assert problems() == [f"#3: event {event.pk} was altered or moved"]


def test_a_removed_event_is_found(log):
    event = event_at(3)
    by_hand("DELETE FROM ostiary_event WHERE id = %s", key(event.pk))
    assert problems() == [f"#3: event {event.pk} was removed"]


def test_an_event_removed_with_its_link_is_found(log):
    event = event_at(3)
    by_hand("DELETE FROM ostiary_event WHERE id = %s", key(event.pk))
    SealedEvent.objects.filter(position=3).delete()
    assert problems()[0] == "#3: links were removed"


def test_reordered_events_are_found(log):
    third, fourth = event_at(3).pk, event_at(4).pk
    SealedEvent.objects.filter(position=3).update(event_id="00000000-0000-0000-0000-000000000000")
    SealedEvent.objects.filter(position=4).update(event_id=third)
    SealedEvent.objects.filter(position=3).update(event_id=fourth)
    assert problems() == [
        f"#3: event {fourth} was altered or moved",
        f"#4: event {third} was altered or moved",
    ]


def test_an_event_put_in_later_with_an_old_date_is_found(log):
    forged = Event(kind=KIND, at=timezone.now() - timedelta(days=30))
    forged.save()
    event_chain.seal(event_chain.LATE)
    assert problems() == [
        f"event {forged.pk} was never sealed: it was put in later, or committed very late"
    ]


def test_a_chain_that_was_computed_anew_does_not_lead_to_its_signed_head(log):
    by_hand("UPDATE ostiary_event SET kind = 'other' WHERE id = %s", key(event_at(3).pk))
    seal_anew(after=0)
    assert problems() == ["#10: the newest head was not signed with a key of the ring"]


def test_a_chain_that_is_not_ours_is_not_sealed_on(log):
    """The next head would otherwise vouch for what was forged."""
    by_hand("UPDATE ostiary_event SET kind = 'other' WHERE id = %s", key(event_at(3).pk))
    seal_anew(after=0)
    events.record(KIND)

    with pytest.raises(event_chain.BrokenChain, match="head at #10 is not signed"):
        event_chain.seal()
    for command in ("prune_events", "rotate_field_keys"):
        with pytest.raises(CommandError, match=r"head at #10 is not signed .* run verify_events"):
            call_command(command)

    assert problems() == ["#10: the newest head was not signed with a key of the ring"]


def test_links_computed_anew_up_to_a_head_that_was_left_are_found_there(log):
    by_hand("UPDATE ostiary_event SET kind = 'other' WHERE id = %s", key(event_at(3).pk))
    heads_before = dict(EventSeal.objects.values_list("position", "digest"))
    seal_anew(after=0)
    for position, digest in heads_before.items():
        EventSeal.objects.filter(position=position).update(digest=digest)
    assert problems() == [
        "#5: the chain up to here was recomputed, but not its head",
        "#10: the chain up to here was recomputed, but not its head",
    ]


def test_links_after_the_last_signed_head_are_found(log):
    EventSeal.objects.filter(position=10).delete()
    assert problems() == ["#6 to #10: links without a signed head"]


def test_a_log_without_any_head_is_found(log):
    EventSeal.objects.all().delete()
    assert problems() == ["#1 to #10: links without a signed head"]


def test_links_cut_off_before_their_head_are_found(log):
    SealedEvent.objects.filter(position__gt=8).delete()
    assert problems()[0] == "#9 to #10: links were removed"


def test_a_head_signed_with_someone_elses_key_is_found(log, ostiary):
    from tests.ostiary.test_encryption import new_key

    ostiary(FIELD_ENCRYPTION_KEYS=[new_key()])
    assert problems() == ["#10: the newest head was not signed with a key of the ring"]


# --- witnesses ----------------------------------------------------------------------------------


@pytest.fixture
def witnessed_log(ostiary):
    """Ten events whose heads a witness has."""
    ostiary(EVENT_WITNESS="tests.ostiary.test_event_chain.witness")
    for _ in range(2):
        for n in range(5):
            events.record(KIND, details={"n": n})
        event_chain.seal()


def test_each_head_is_given_to_the_witness(witnessed_log):
    assert [head.position for head in heads] == [5, 10]
    assert all(head.is_signed() for head in heads)
    assert problems(*heads) == []


def test_rows_cut_off_at_the_end_are_found_with_a_witness_only(witnessed_log):
    cut_off_after(5)
    assert problems() == []
    assert problems(*heads) == [
        "#10: a head that a witness has seen is gone: rows were cut off",
    ]


def test_rows_cut_off_and_others_sealed_in_their_place_are_found_with_a_witness(witnessed_log):
    cut_off_after(5)
    for _ in range(5):
        events.record(KIND, details={"n": "forged"})
    event_chain.seal()
    assert problems() == []
    assert problems(*heads[:2]) == ["#10: a witness has seen another head here"]


def test_a_witness_that_fails_does_not_stop_the_sealing(ostiary, caplog):
    ostiary(EVENT_WITNESS="tests.ostiary.test_event_chain.broken_witness")
    events.record(KIND)
    assert event_chain.seal() == 1
    assert "The witness of the event chain failed." in caplog.text


@pytest.mark.parametrize("json_lines", [True, False])
def test_the_sites_log_can_be_the_witness(ostiary, caplog, tmp_path, capsys, json_lines):
    ostiary(EVENT_WITNESS="ostiary.event_chain.log_head")
    events.record(KIND)
    with caplog.at_level(logging.INFO, "ostiary.event_chain"):
        event_chain.seal()
    [record] = [found for found in caplog.records if found.name == "ostiary.event_chain"]
    line = (
        json.dumps({"level": "info", "event_chain_head": record.event_chain_head})
        if json_lines
        else f"2026-11-24 INFO {record.getMessage()}"
    )
    kept = tmp_path / "site.log"
    kept.write_text(f"something else\n{{}}\n{{broken\n{line}\n")

    call_command("verify_events", witness=kept, json=True)

    assert json.loads(capsys.readouterr().out) == {"events": 1, "witnessed": 1, "problems": []}


# --- retention ----------------------------------------------------------------------------------


def years_pass(*positions: int) -> None:
    """Set sealed events and their heads back, and sign them as they would have been then."""
    long_ago = timezone.now() - timedelta(days=500)
    for event_id in SealedEvent.objects.filter(position__in=positions).values_list("event_id"):
        by_hand("UPDATE ostiary_event SET at = %s WHERE id = %s", long_ago, key(event_id[0]))
    seal_anew(after=0)
    EventSeal.objects.filter(position__in=positions).update(sealed_at=long_ago)
    for seal in EventSeal.objects.all():
        signature = Head.of(seal).signed().signature
        EventSeal.objects.filter(pk=seal.pk).update(signature=signature)


@pytest.fixture
def old_log(log):
    """Ten events, of which the first five are older than what is kept."""
    years_pass(1, 2, 3, 4, 5)
    assert problems() == []


def test_old_events_go_and_the_chain_still_verifies(old_log):
    assert event_chain.prune(timedelta(days=400)) == 5

    assert Event.objects.filter(kind=KIND).count() == 5
    assert Event.objects.get(kind="events.pruned").details == {"through": 5}
    assert not SealedEvent.objects.filter(position__lte=5).exists()
    assert not EventSeal.objects.filter(position__lte=5).exists()
    assert problems() == []
    events.record(KIND)
    event_chain.seal()
    assert problems() == []


def test_pruning_again_removes_nothing_more(old_log):
    event_chain.prune(timedelta(days=400))
    assert event_chain.prune(timedelta(days=400)) == 0
    assert Event.objects.filter(kind="events.pruned").count() == 1


def test_what_is_altered_after_pruning_is_found(old_log):
    event_chain.prune(timedelta(days=400))
    event = event_at(7)
    by_hand("UPDATE ostiary_event SET kind = 'other' WHERE id = %s", key(event.pk))
    assert problems() == [f"#7: event {event.pk} was altered or moved"]


def test_rows_removed_beyond_what_was_pruned_are_found(old_log):
    event_chain.prune(timedelta(days=400))
    for position in (6, 7):
        by_hand("DELETE FROM ostiary_event WHERE id = %s", key(event_at(position).pk))
    SealedEvent.objects.filter(position__lte=7).delete()
    assert problems() == ["#6 to #7: links were removed"]


def test_old_rows_removed_without_the_retention_command_are_found(old_log):
    for position in range(1, 6):
        by_hand("DELETE FROM ostiary_event WHERE id = %s", key(event_at(position).pk))
    SealedEvent.objects.filter(position__lte=5).delete()
    EventSeal.objects.filter(position__lte=5).delete()
    assert problems() == ["#1 to #5: links were removed"]


def test_pruning_that_was_killed_half_way_verifies_and_goes_on(old_log, monkeypatch):
    monkeypatch.setattr(event_chain, "BATCH", 2)
    original, batches = event_chain._remove_batch, []

    def killed(start):
        if batches:
            raise KeyboardInterrupt
        batches.append(original(start))
        return batches[0]

    monkeypatch.setattr(event_chain, "_remove_batch", killed)
    with pytest.raises(KeyboardInterrupt):
        event_chain.prune(timedelta(days=400))
    monkeypatch.setattr(event_chain, "_remove_batch", original)

    assert problems() == []
    assert event_chain.prune(timedelta(days=400)) == 3
    assert problems() == []


def test_a_head_with_a_forged_date_gets_no_young_event_removed(log):
    long_ago = timezone.now() - timedelta(days=500)
    EventSeal.objects.filter(position=5).update(sealed_at=long_ago)
    with pytest.raises(CommandError, match=r"#5 is dated before its events. Nothing was removed"):
        call_command("prune_events")
    assert Event.objects.count() == 10


def test_a_witnessed_head_from_before_the_pruning_is_no_problem(old_log):
    witnessed = [Head.of(seal) for seal in EventSeal.objects.all()]
    event_chain.prune(timedelta(days=400))
    assert problems(*witnessed) == []


def test_everything_can_be_old(log):
    years_pass(*range(1, 11))
    assert event_chain.prune(timedelta(days=400)) == 10
    assert [event.kind for event in Event.objects.all()] == ["events.pruned"]
    assert problems() == []


def test_the_retention_command_alone_gets_past_postgresqls_trigger(postgresql, old_log):
    call_command("prune_events")
    assert models.QuerySet(Event).filter(kind=KIND).count() == 5


# --- the commands -------------------------------------------------------------------------------


def test_the_command_says_that_the_log_is_whole(log, capsys):
    call_command("verify_events")
    out = capsys.readouterr().out
    assert "The log is intact: 10 events (#1 to #10)." in out
    assert "Without --witness" in out


def test_the_command_names_the_first_problem_and_fails(log, capsys):
    event = event_at(3)
    by_hand("UPDATE ostiary_event SET kind = 'other' WHERE id = %s", key(event.pk))
    with pytest.raises(CommandError, match=f"1 problems; the first: #3: event {event.pk}"):
        call_command("verify_events")
    assert f"#3: event {event.pk} was altered or moved" in capsys.readouterr().out


def test_the_command_says_what_a_program_can_read(log, capsys):
    call_command("verify_events", json=True)
    assert json.loads(capsys.readouterr().out) == {"events": 10, "witnessed": 0, "problems": []}


def test_a_witness_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(CommandError, match=r"can't be read: No such file"):
        call_command("verify_events", witness=tmp_path / "nothing")


def test_a_head_survives_the_way_through_a_witness(log):
    head = Head.of(EventSeal.objects.first())
    assert Head(**json.loads(json.dumps(asdict(head)))).is_signed()


def test_days_can_be_given(old_log, capsys):
    call_command("prune_events", days=1000)
    assert "Removed 0 events." in capsys.readouterr().out
    call_command("prune_events", days=400)
    assert "Removed 5 events." in capsys.readouterr().out
