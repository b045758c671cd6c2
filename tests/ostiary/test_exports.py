"""Copies of what is kept of a person: made once, encrypted, offered for a while (SECURITY F4)."""

from __future__ import annotations

import io
import re
import stat
import tracemalloc
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from ostiary import (
    dead_letters,
    encryption,
    erasure,
    event_keys,
    events,
    export_archive,
    export_chunks,
    exports,
    mail,
    notifications,
    outbox,
    privacy,
    tasks,
)
from ostiary.models import Event, Export, ExportChunk, OutboxMessage, Session
from tests.ostiary import zips
from tests.parallel import at_once

pytestmark = pytest.mark.django_db
HERE = "tests.ostiary.test_exports"
broken: set[str] = set()


def shop(user: Any) -> dict[str, Any]:
    """An exporter of another project."""
    if "shop" in broken:
        raise RuntimeError("the shop is closed")
    return {"orders": ({"number": n, "note": "<script>alert(1)</script>"} for n in range(3))}


def many(user: Any) -> dict[str, Any]:
    """An exporter that has much to tell, and nothing that makes it small."""
    return {"much": ({"n": n, "noise": f"{hash((n, 'x')):064b}" * 20} for n in range(3000))}


@pytest.fixture
def person(person: Any) -> Any:
    """Alice, whose address is known to be hers, on any user model."""
    if hasattr(person, "email_verified_at"):
        person.email_verified_at = timezone.now()
        person.save()
    return person


@pytest.fixture(autouse=True)
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    broken.clear()
    monkeypatch.setattr(notifications, "_not_me_link", None)


@pytest.fixture
def with_shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(privacy._exporters, f"{HERE}.shop", 60)


def told(kind: str) -> list[Event]:
    return list(Event.objects.filter(kind=kind))


def subjects() -> list[str]:
    """Of the mail that waits or was sent."""
    outbox.deliver_due()
    return [message.subject for message in django_mail.outbox]


def test_it_is_collected_by_a_job_and_the_person_is_told(person, with_shop):
    asked = exports.request(person)
    assert asked.message.queue == "bulk"

    outbox.deliver_due()

    copy = zips.of(asked)
    assert asked.is_offered
    assert (asked.expires_at - asked.finished_at).days == 7
    assert copy.names == ["README.txt", "data.json", "index.html", "schema.json"]
    assert copy.said["person"] == str(person.pk)
    assert copy.said["data"]["ostiary"]["account"]["email"] == "alice@example.com"
    assert [order["number"] for order in copy.said["data"]["tests"]["orders"]] == [0, 1, 2]
    copy.must_follow_its_schema()
    assert len(told("export.requested")) == len(told("export.ready")) == 1
    assert [subject for subject in subjects() if "data" in subject] == [
        "Your data from Ostiary was requested",
        "Your data from Ostiary is ready",
    ]


def test_the_page_is_readable_has_no_script_and_is_in_the_persons_language(person, with_shop):
    with translation.override("de"):
        copy = zips.now(person)

    assert "<script" not in copy.page
    assert "&lt;script&gt;" in copy.page
    assert '<html lang="de" dir="ltr">' in copy.page
    assert "default-src &#x27;none&#x27;" in copy.page or "default-src 'none'" in copy.page
    assert copy.said["language"] == "de"
    for landmark in ("<main>", "<nav>", "<h1>", "<h2 id="):
        assert landmark in copy.page


def nothing_and_something(user: Any) -> dict[str, Any]:
    """An exporter that has little to tell."""
    return {
        "wishes": iter(()),
        "letters": [],
        "visits": iter([{"outcome": "success", "authentication_methods": ["pwd"], "note": ""}]),
    }


def test_what_is_empty_is_named_in_one_line(person, monkeypatch):
    monkeypatch.setitem(privacy._exporters, f"{HERE}.nothing_and_something", 60)

    copy = zips.now(person)

    assert copy.said["data"]["tests"]["wishes"] == []
    told = copy.page.partition("Nothing stored for: ")[2].partition("</p>")[0]
    assert "Wishes, Letters" in told
    assert copy.page.count("Wishes") == copy.page.count("Letters") == 1
    assert '<h2 id="tests-visits">Visits</h2>' in copy.page


def test_values_are_words(person, monkeypatch):
    monkeypatch.setitem(privacy._exporters, f"{HERE}.nothing_and_something", 60)
    events.record("session.ended", user=person)

    page = zips.now(person).page

    assert "<dt>Outcome</dt><dd>Succeeded</dd>" in page
    assert "<dt>Authentication methods</dt><dd>Password</dd>" in page
    assert "session.ended" not in page
    assert "<dt>Note</dt>" not in page, "what is empty says nothing"
    assert "Superuser" not in page


def test_the_page_is_styled_by_itself(person):
    page = zips.now(person).page

    assert "light-dark(" in page
    assert page.count("<style>") == 1
    assert not re.search(r"(src|href)=\"(?!#)", page), "it loads nothing"


def test_asked_for_twice_it_is_one(person):
    first = exports.request(person)

    assert exports.request(person) == first
    assert len(told("export.requested")) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_is_collected(person):
    asked = at_once(lambda: exports.request(person).pk, ways=10)

    assert len(set(asked)) == 1
    assert OutboxMessage.objects.filter(kind=exports.KIND).count() == 1


def test_a_new_one_takes_the_place_of_the_old(person):
    first, second = exports.request(person), None
    outbox.deliver_due()
    second = exports.request(person)
    assert exports.of(person) == second
    first.refresh_from_db()
    assert first.is_offered, "until the new one is there"

    outbox.deliver_due()

    first.refresh_from_db()
    assert not first.is_offered
    assert exports.of(person).is_offered


def test_a_job_that_runs_again_makes_nothing_new(person):
    asked = exports.request(person)
    assert exports.collect(asked.pk)

    assert not exports.collect(asked.pk)
    assert len(told("export.ready")) == 1


def test_what_a_killed_worker_left_is_removed_and_never_read(person):
    asked = exports.request(person)
    Export.objects.filter(pk=asked.pk).update(attempts=1)
    writer = export_chunks.ChunkWriter(asked, 1)
    writer.write(b"x" * export_chunks.CHUNK_BYTES * 2)

    assert exports.collect(asked.pk)

    zips.of(asked)
    assert not ExportChunk.objects.filter(attempt=1).exists()


def test_a_worker_that_was_overtaken_finishes_nothing(person, monkeypatch):
    asked = exports.request(person)
    write = export_archive.write

    def slowly(out: Any, user: Any) -> None:
        write(out, user)
        Export.objects.filter(pk=asked.pk).update(attempts=2)

    monkeypatch.setattr(export_archive, "write", slowly)
    with pytest.raises(exports.Overtaken):
        exports.collect(asked.pk)

    asked.refresh_from_db()
    assert asked.state == "waiting"
    assert not ExportChunk.objects.exists()
    assert not told("export.ready")


def test_one_that_fails_is_tried_again_and_then_whole(person, with_shop):
    broken.add("shop")
    asked = exports.request(person)
    outbox.deliver_due()
    asked.refresh_from_db()
    assert asked.state == "waiting"

    broken.clear()
    OutboxMessage.objects.update(next_attempt_at=timezone.now())
    outbox.deliver_due()

    assert "orders" in zips.of(asked).texts["data.json"]


def test_a_dead_letter_keeps_nobody_from_asking_anew(person, with_shop):
    asked = exports.request(person)
    OutboxMessage.objects.filter(pk=asked.message_id).update(state="parked")

    again = exports.request(person)

    assert again != asked
    asked.refresh_from_db()
    assert asked.state == "failed"
    assert not exports.collect(asked.pk), "an operator's retry of the old job makes no second copy"
    outbox.deliver_due()
    again.refresh_from_db()
    assert again.is_offered


def test_of_a_job_that_is_given_up_the_log_and_the_person_are_told(person):
    asked = exports.request(person)
    assert exports.give_up_dead() == 0
    dead_letters.drop(asked.message, "It never works.")

    tasks.clean_up()
    tasks.clean_up()

    asked.refresh_from_db()
    assert asked.state == "failed"
    assert len(told("export.failed")) == 1
    assert subjects().count("Your data from Ostiary couldn’t be collected") == 1


def test_it_is_offered_for_a_while_and_then_removed(person, ostiary):
    ostiary(EXPORT_KEEP_DAYS=2)
    asked = exports.request(person)
    outbox.deliver_due()
    assert exports.remove_expired() == 0
    asked.refresh_from_db()
    assert (asked.expires_at - asked.finished_at).days == 2

    Export.objects.update(expires_at=timezone.now())
    assert exports.of(person) is None
    tasks.clean_up()

    assert not Export.objects.exists()
    assert not ExportChunk.objects.exists()


def test_it_is_encrypted_and_gone_with_the_persons_key(person):
    asked = exports.request(person)
    outbox.deliver_due()
    asked.refresh_from_db()
    sealed = b"".join(bytes(chunk.data) for chunk in ExportChunk.objects.order_by("position"))
    assert b"PK\x03\x04" not in sealed

    privacy.shred(str(person.pk))
    privacy._people.clear()

    with pytest.raises(privacy.PersonErased):
        list(export_chunks.read(asked))


@pytest.mark.parametrize("harm", ["altered", "swapped", "cut off", "of another"])
def test_a_part_that_was_meddled_with_is_refused(person, harm, monkeypatch):
    monkeypatch.setattr(export_chunks, "CHUNK_BYTES", 1024)
    asked = exports.request(person)
    outbox.deliver_due()
    asked.refresh_from_db()
    first, second = ExportChunk.objects.order_by("position")[:2]
    if harm == "altered":
        *rest, last = bytes(second.data)
        ExportChunk.objects.filter(pk=second.pk).update(data=bytes([*rest, last ^ 1]))
    elif harm == "swapped":
        ExportChunk.objects.filter(pk=first.pk).update(data=second.data)
    elif harm == "cut off":
        ExportChunk.objects.order_by("position").last().delete()
    else:
        Export.objects.update(made_by=7)
        ExportChunk.objects.update(attempt=7)
        asked.refresh_from_db()

    with pytest.raises(encryption.DecryptionFailed):
        list(export_chunks.read(asked))


def test_f3_erasing_the_person_removes_it(person):
    ready = exports.request(person)
    outbox.deliver_due()
    waiting = exports.request(person)
    asked = erasure.request(person, grace=timedelta())

    assert erasure.run(asked.pk)

    assert not Export.objects.exists()
    assert not ExportChunk.objects.exists()
    assert not exports.collect(ready.pk)
    assert not exports.collect(waiting.pk)


def test_nothing_of_others_is_in_it(person, other_person):
    operator = privacy.pseudonym_of(other_person)
    Session.objects.create(
        user=other_person,
        session_key="bobs-key",
        user_agent="Bob’s browser",
        ip_address="203.0.113.9",
        created_at=timezone.now(),
        authenticated_at=timezone.now(),
        last_seen_at=timezone.now(),
    )
    events.record("keys.rotated", user=other_person, personal={"note": "about Bob"})
    events.record(
        "session.ended_by_operator",
        user=person,
        details={"operator": operator},
        personal={"ip": "203.0.113.9", "reason": "bob@example.com asked, not alice@example.com."},
    )
    exports.request(person, by="operator", operator=other_person, reason="A letter")

    copy = zips.now(person)

    for of_bob in (operator, "bob", "Bob", "203.0.113.9", str(other_person.pk)):
        assert not (len(of_bob) > 2 and of_bob in copy.all), of_bob
    assert "[someone else] asked, not alice@example.com." in copy.texts["data.json"]
    assert "A letter" in copy.all


def test_no_key_of_a_session_and_no_text_of_a_message_is_in_it(person):
    Session.objects.create(
        user=person,
        session_key="the-session-key",
        created_at=timezone.now(),
        authenticated_at=timezone.now(),
        last_seen_at=timezone.now(),
    )
    mail.send_email(person.email, "ostiary/mail/erased", {"receipt": "a-code-of-hers"})

    copy = zips.now(person)

    assert copy.said["data"]["ostiary"]["messages_waiting"][0]["to"] == person.email
    for secret in ("the-session-key", "a-code-of-hers", person.password):
        assert secret not in copy.all


def test_tries_with_the_persons_address_are_told_and_not_from_where(person, rf):
    request = rf.get("/", REMOTE_ADDR="203.0.113.77")
    for typed in ("Alice@example.com", "bob@example.com"):
        events.record("signin.refused", request=request, personal={"email": typed})

    copy = zips.now(person)

    [told] = copy.said["data"]["ostiary"]["tries_with_your_address"]
    assert told["address_typed"] == "Alice@example.com"
    assert "203.0.113.77" not in copy.all
    assert len(event_keys.digests(["a@example.com"])) == 1


def test_two_exporters_of_one_app_may_not_say_the_same(person, monkeypatch):
    monkeypatch.setattr(privacy, "_exporters", {f"{HERE}.shop": 1, f"{HERE}.shop2": 2})
    monkeypatch.setattr(f"{HERE}.shop2", shop, raising=False)

    with pytest.raises(ValueError, match="orders"):
        export_archive.collected(person)


@pytest.mark.django_db
def test_much_is_written_and_read_in_little_memory(person, monkeypatch):
    monkeypatch.setitem(privacy._exporters, f"{HERE}.many", 60)
    monkeypatch.setattr(export_chunks, "CHUNK_BYTES", 64 * 1024)
    asked = exports.request(person)

    tracemalloc.start()
    exports.collect(asked.pk)
    asked.refresh_from_db()
    size = sum(len(part) for part in export_chunks.read(asked))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    with zipfile.ZipFile(io.BytesIO(b"".join(export_chunks.read(asked)))) as archive:
        plain = archive.getinfo("data.json").file_size
    assert size == asked.size
    assert plain > 3_500_000
    assert peak < plain / 2


# --- for operators --------------------------------------------------------------------------------


def test_the_command_writes_a_file_that_only_its_owner_may_read(person, tmp_path):
    path = tmp_path / "alice.zip"
    call_command("export_user", "ALICE@example.com", output=str(path), reason="A letter.")

    zips.Opened(path.read_bytes()).must_follow_its_schema()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    [event] = told("export.taken")
    assert events.personal_details(event) == {"reason": "A letter."}
    assert "Your data from Ostiary was exported" in subjects()
    with pytest.raises(CommandError, match="File exists"):
        call_command("export_user", "alice@example.com", output=str(path))
    zips.Opened(path.read_bytes())


def test_the_command_writes_to_standard_output(person):
    out = io.TextIOWrapper(io.BytesIO())
    call_command("export_user", person.email, output="-", stdout=out)

    zips.Opened(out.buffer.getvalue())


def test_the_command_leaves_no_half_file(person, with_shop, tmp_path):
    broken.add("shop")
    path = tmp_path / "alice.zip"
    with pytest.raises(RuntimeError):
        call_command("export_user", person.email, output=str(path))
    assert not path.exists()
    with pytest.raises(CommandError, match="Nobody has it"):
        call_command("export_user", "nobody@example.com", output=str(path))
    assert not path.exists()
