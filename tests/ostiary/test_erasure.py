"""Erasure: waited for, called off, carried out step by step, each once, and proved."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from ostiary import (
    all_addresses,
    erasure,
    erasure_steps,
    event_chain,
    events,
    jws,
    mail,
    mentions,
    notifications,
    outbox,
    privacy,
    receipts,
    tombstones,
)
from ostiary.models import Erasure, ErasureStep, OutboxMessage, PersonKey
from tests.parallel import at_once

pytestmark = pytest.mark.django_db
HERE = "tests.ostiary.test_erasure"
calls: list[str] = []
broken: set[str] = set()


def first(user: Any) -> dict[str, int]:
    """An eraser."""
    calls.append("first")
    if "first" in broken:
        raise RuntimeError(f"no way to erase {user.pk}")
    return {"shop.Order": 2}


def second(user: Any) -> None:
    """An eraser that comes after it."""
    calls.append("second")


@pytest.fixture
def person(person: Any) -> Any:
    """Alice, whose address is known to be hers, on any user model."""
    if hasattr(person, "email_verified_at"):
        person.email_verified_at = timezone.now()
        person.save()
    return person


@pytest.fixture(autouse=True)
def two_erasers(monkeypatch: pytest.MonkeyPatch) -> None:
    calls.clear()
    broken.clear()
    monkeypatch.setattr(notifications, "_not_me_link", None)
    monkeypatch.setattr(erasure, "_cancel_link", None)
    monkeypatch.setattr(privacy, "_erasers", {f"{HERE}.second": 60, f"{HERE}.first": 40})


def ask_now(person: Any) -> Erasure:
    return erasure.request(person, grace=timedelta())


def test_the_person_is_gone_and_the_receipt_says_what_was_done(person):
    key = person.pk
    asked = ask_now(person)

    assert erasure.run(asked.pk)

    assert not get_user_model().objects.filter(pk=key).exists()
    asked.refresh_from_db()
    assert (asked.state, asked.subject, asked.emails) == ("done", None, None)
    said = receipts.verify(asked.receipt)
    assert [step["name"] for step in said["steps"]] == [
        "close_account",
        f"{HERE}.first",
        f"{HERE}.second",
        "drop_messages",
        "delete_user",
        "destroy_key",
    ]
    assert said["steps"][1]["erased"] == {"shop.Order": 2}
    assert (said["jti"], said["iss"]) == (str(asked.pk), "http://localhost:8000")
    told = json.dumps(said)
    assert "alice" not in told
    assert len(str(key)) < mentions.SHORTEST_ID or str(key) not in told


def test_it_waits_so_that_it_can_be_called_off(person):
    asked = erasure.request(person)

    assert erasure.run_due() == 0
    assert (asked.due_at - asked.requested_at).days == 7
    assert erasure.cancel(person)
    assert erasure.of(person) is None
    assert not erasure.cancel(person)
    person.refresh_from_db()
    assert person.is_active


def test_asked_for_twice_it_is_one(person):
    assert erasure.request(person).pk == erasure.request(person).pk
    assert Erasure.objects.count() == 1


def test_after_it_was_called_off_it_can_be_asked_for_again(person):
    erasure.request(person)
    erasure.cancel(person)

    erasure.request(person)

    assert erasure.of(person)


def test_what_has_begun_is_not_called_off(person):
    broken.add("first")
    asked = ask_now(person)
    erasure.run(asked.pk)

    assert not erasure.cancel(person)


def test_an_eraser_that_fails_is_tried_again_and_those_before_it_are_not(person):
    broken.add("first")
    asked = ask_now(person)

    assert not erasure.run(asked.pk)
    asked.refresh_from_db()
    assert asked.last_error == f"{HERE}.first: RuntimeError"
    assert str(person.pk) not in asked.last_error
    assert list(asked.steps.values_list("name", flat=True)) == ["close_account"]

    broken.clear()
    Erasure.objects.update(due_at=asked.requested_at)
    assert erasure.run_due() == 1
    assert calls == ["first", "first", "second"]


def test_a_worker_that_died_is_followed_by_another_when_its_lease_is_over(person):
    asked = ask_now(person)
    assert erasure._claim(asked.pk)

    assert not erasure.run(asked.pk)
    Erasure.objects.update(leased_until=asked.requested_at)

    assert erasure.run(asked.pk)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_at_once_each_step_is_done_by_one(person):
    asked = ask_now(person)

    finished = at_once(lambda: erasure.run(asked.pk), ways=8)

    assert sum(finished) == 1
    assert calls == ["first", "second"]
    assert ErasureStep.objects.count() == len(erasure.steps())


@pytest.mark.django_db(transaction=True)
def test_a_step_is_done_whole_or_not_at_all(person, monkeypatch):
    asked = ask_now(person)

    def killed(user: Any) -> None:
        get_user_model().objects.filter(pk=user.pk).update(is_staff=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(f"{HERE}.second", killed)
    with pytest.raises(KeyboardInterrupt):
        erasure.run(asked.pk)

    person.refresh_from_db()
    assert not person.is_staff
    assert not asked.steps.filter(name=f"{HERE}.second").exists()


def test_nobody_can_bring_them_back(person):
    key, address = str(person.pk), person.email
    erasure.run(ask_now(person).pk)

    assert tombstones.is_buried(key)
    assert tombstones.buried_among(tombstones.Of.EMAIL, [address]) == {address}
    with pytest.raises(privacy.PersonErased):
        privacy.person(key)


def test_the_log_tells_of_nobody_and_still_verifies(person, request_from):
    events.record("keys.rotated", user=person, request=request_from("198.51.100.7"))
    event_chain.seal()
    erasure.run(ask_now(person).pk)
    event_chain.seal()

    assert list(event_chain.verify()) == []
    assert not PersonKey.objects.filter(subject=str(person.pk)).exists()
    about_somebody = events.Event.objects.exclude(subject="")
    assert all(events.personal_details(event) == {} for event in about_somebody)


def test_messages_that_wait_for_them_are_not_sent(person, mailoutbox):
    with transaction.atomic():
        mail.send_email(person.email.upper(), "ostiary/mail/erased", {"receipt": "waits"})
        mail.send_email("bob@example.com", "ostiary/mail/erased", {"receipt": "bob's"})

    erasure.run(ask_now(person).pk)

    outbox.deliver_due()
    assert [(m.to, "bob's" in m.body) for m in mailoutbox] == [
        (["bob@example.com"], True),
        ([person.email], False),
    ]


def test_messages_to_an_address_that_was_theirs_are_dropped_but_not_those_of_whose_it_is_now(
    person, other_person, monkeypatch, mailoutbox
):
    theirs = ["former@example.com", other_person.email]
    monkeypatch.setattr(all_addresses, "_further", [lambda user: theirs])
    for address in theirs:
        mail.send_email(address, "ostiary/mail/erased", {"receipt": "waits"})

    erasure.run(ask_now(person).pk)

    outbox.deliver_due()
    assert [m.to for m in mailoutbox] == [[other_person.email], [person.email]]
    assert not tombstones.buried_among(tombstones.Of.EMAIL, theirs)


@pytest.mark.needs("accounts")  # their ids are UUIDs, which can be looked for
def test_no_key_of_a_message_names_them(person):
    outbox.enqueue("events.hook", {"event": "x"}, key=f"once for {person.pk}")

    erasure.run(ask_now(person).pk)

    assert not OutboxMessage.objects.filter(key__startswith="once for").exists()


def test_a_number_is_not_looked_for(person):
    outbox.enqueue("events.hook", {"event": "1"}, key="version 1")
    asked = ask_now(person)
    Erasure.objects.update(subject="1")
    asked.refresh_from_db()

    erasure_steps.forget_messages(asked, None)

    assert OutboxMessage.objects.get(key="version 1").payload


def test_the_last_message_has_the_receipt(person, mailoutbox):
    asked = ask_now(person)
    erasure.run(asked.pk)
    outbox.deliver_due()

    asked.refresh_from_db()
    [told] = mailoutbox
    assert (told.to, told.subject) == ([person.email], "Your account at Ostiary was deleted")
    assert asked.receipt in told.body


# --- receipts -----------------------------------------------------------------------------------


def test_a_receipt_that_was_changed_is_refused():
    head, body, signature = receipts.sign({"jti": "1"}).split(".")
    other = receipts.sign({"jti": "2"}).split(".")[1]

    for text in (f"{head}.{other}.{signature}", f"{head}.{body}.", f"{head}.{body}", "", "a.b.c"):
        with pytest.raises(receipts.InvalidReceipt):
            receipts.verify(text)


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "HS256"}, {"typ": "JWT"}, {"kid": "another"}, {"alg": ["EdDSA"]}],
)
def test_a_receipt_of_another_kind_is_refused(header):
    head, body, signature = receipts.sign({"jti": "1"}).split(".")
    changed = {**json.loads(jws.decode(head)), **header}

    with pytest.raises(receipts.InvalidReceipt):
        receipts.verify(f"{jws.encode(jws.to_json(changed))}.{body}.{signature}")


def test_a_receipt_outlives_the_ring_it_was_signed_by(ostiary):
    receipt = receipts.sign({"jti": "1"})
    kept = receipts.public_keys()["keys"]

    ostiary(FIELD_ENCRYPTION_KEYS=["zUw6nCk3kW2mVYlq0e5cRrB1tD8fJ4hXo7sQpGvA9iE="])

    assert receipts.verify(receipt) == {"jti": "1"}
    assert receipts.verify(receipt, kept) == {"jti": "1"}
    with pytest.raises(receipts.InvalidReceipt):
        receipts.verify(receipt, [])


def test_the_keys_are_those_of_a_library_that_is_not_ours(person):
    jwt = pytest.importorskip("jwt")
    receipt = receipts.sign({"jti": "1"})
    [key] = jwt.PyJWKSet.from_dict(receipts.public_keys()).keys

    assert jwt.decode(receipt, key, algorithms=["EdDSA"]) == {"jti": "1"}


# --- commands -----------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue().strip()


def test_erase_user_now_prints_a_receipt_that_verifies(person, tmp_path):
    told = json.loads(run("erase_user", person.email, "--reason", "asked", "--now", "--json"))

    assert told["state"] == "done"
    file = tmp_path / "receipt"
    file.write_text(told["receipt"])
    assert json.loads(run("verify_receipt", str(file)))["jti"] == told["id"]
    file.write_text(json.dumps(told))
    assert json.loads(run("verify_receipt", str(file)))["jti"] == told["id"]
    file.write_text(told["receipt"][:-4] + "AAAA")
    with pytest.raises(CommandError, match="isn't a genuine receipt"):
        run("verify_receipt", str(file))


def test_erase_user_waits_for_the_grace_period(person):
    told = json.loads(run("erase_user", person.email.upper(), "--reason", "asked", "--json"))

    assert (told["state"], told["receipt"]) == ("waiting", None)


def test_erase_user_now_hastens_one_that_waits(person):
    erasure.request(person)

    assert receipts.verify(run("erase_user", person.email, "--reason", "asked", "--now"))


def test_erase_user_says_that_nobody_has_the_address(db):
    with pytest.raises(CommandError, match="Nobody"):
        run("erase_user", "nobody@example.com", "--reason", "asked")


ERASED = '{{"id": "019", "state": "{}", "due_at": "2026-11-30T00:00:00+00:00", "receipt": {}}}'


def receipts_of_two(names=("x", "y")):
    return [receipts.sign({"jti": name}) for name in names]


@pytest.mark.parametrize(
    "written",
    [
        lambda a, b: f"{a}\n{b}\n",
        lambda a, b: json.dumps([{"receipt": a}, {"receipt": b}]),
        lambda a, b: json.dumps({"receipt": a}) + "\n" + json.dumps({"receipt": b}),
        lambda a, b: "\ufeff" + json.dumps([a, {"receipt": b}], indent=2) + "\r\n\r\n",
    ],
)
def test_several_receipts_are_verified_in_one_file(tmp_path, db, written):
    file = tmp_path / "erased.json"
    file.write_text(written(*receipts_of_two()), encoding="utf-8")
    assert [each["jti"] for each in json.loads(run("verify_receipt", str(file)))] == ["x", "y"]


def test_a_receipt_that_powershell_wrote_is_verified(tmp_path, db):
    """Whose files are in UTF-16."""
    [receipt] = receipts_of_two(["x"])
    file = tmp_path / "erased.json"
    file.write_text(json.dumps({"receipt": receipt}), encoding="utf-16")
    assert json.loads(run("verify_receipt", str(file)))["jti"] == "x"


@pytest.mark.parametrize("indent", [None, 2])
def test_what_erase_user_prints_is_verified_from_standard_input_too(
    tmp_path, db, monkeypatch, indent
):
    [receipt] = receipts_of_two(["x"])
    text = json.dumps({"id": "1", "state": "done", "receipt": receipt}, indent=indent)
    monkeypatch.setattr("sys.stdin", StringIO(text))
    assert json.loads(run("verify_receipt", "-"))["jti"] == "x"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("[]", "no receipt"),
        ("{}", 'no "receipt"'),
        ('{"receipt": ""}', 'no "receipt"'),
        ('{"receipt": 7}', 'no "receipt"'),
        ('[["a.b.c"]]', 'no "receipt"'),
        ('{"receipt": "a.b.c"', "nor JSON"),
        ('{"receipt": "a.b.c"}', "isn.t a genuine receipt"),
        (ERASED.format("waiting", "null"), "Erasure 019 is waiting: there is no receipt yet"),
        ("[" * 100_000, "nor JSON"),
        ("[" + "9" * 5000 + "]", "nor JSON"),
        ('{"receipt": "\\ud800.b.c"}', "isn.t a genuine receipt"),
        ("a.b.c\nd.e.f", "Receipt 1 of 2"),
    ],
)
def test_what_is_no_receipt_is_said_in_words(tmp_path, db, text, words):
    file = tmp_path / "receipt"
    file.write_text(text)
    with pytest.raises(CommandError, match=words):
        run("verify_receipt", str(file))


def test_one_bad_receipt_among_good_ones_fails(tmp_path, db):
    first, second = receipts_of_two()
    file = tmp_path / "receipts"
    file.write_text(f"{first}\n{second[:-4]}AAAA\n")
    with pytest.raises(CommandError, match="Receipt 2 of 2"):
        run("verify_receipt", str(file))


def test_verify_receipt_says_that_a_file_cannot_be_read(tmp_path, db):
    with pytest.raises(CommandError, match="can't be read"):
        run("verify_receipt", str(tmp_path / "missing"))
