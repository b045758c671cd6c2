"""What stays of a person who is erased, and what holds their erasure up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from ostiary import erasure, notifications, privacy, receipts, retention
from ostiary.models import Erasure
from ostiary.retention import Kept

pytestmark = pytest.mark.django_db
HERE = "tests.ostiary.test_retention"
in_court: list[Any] = []


def invoices(user: Any) -> list[Kept]:
    """A rule: what tax law requires."""
    return [Kept("Invoices", "Tax law requires them", until=date(2036, 12, 31))]


def court(user: Any) -> list[Kept]:
    """A rule: a legal hold on some."""
    return [Kept("Everything", "A court wants it", holds=True)] if user.pk in in_court else []


def broken(user: Any) -> list[Kept]:
    """A rule with a mistake."""
    raise RuntimeError(user.email)


@pytest.fixture(autouse=True)
def no_erasers(monkeypatch: pytest.MonkeyPatch) -> None:
    in_court.clear()
    monkeypatch.setattr(notifications, "_not_me_link", None)
    monkeypatch.setattr(privacy, "_erasers", {})


def ask_now(person: Any) -> Erasure:
    return erasure.request(person, grace=timedelta())


def make_due() -> None:
    Erasure.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_the_receipt_says_what_is_kept_why_and_until_when(person, ostiary):
    ostiary(RETENTION_RULES=[f"{HERE}.invoices"])
    asked = ask_now(person)
    erasure.run(asked.pk)

    asked.refresh_from_db()
    kept = receipts.verify(asked.receipt)["kept"]
    assert kept[-1] == {
        "what": "Invoices",
        "why": "Tax law requires them",
        "until": "2036-12-31",
    }
    assert len(kept) == len(retention.ALWAYS) + 1


def test_the_receipt_is_in_the_persons_language_in_whatever_one_the_worker_runs(person):
    with translation.override("de"):
        asked = ask_now(person)
        said = str(retention.ALWAYS[0].what)
    with translation.override("fr"):
        erasure.run(asked.pk)

    asked.refresh_from_db()
    assert receipts.verify(asked.receipt)["kept"][0]["what"] == said
    with translation.override("en"):
        assert said != str(retention.ALWAYS[0].what)


def test_a_legal_hold_waits_can_be_called_off_and_goes_on_when_lifted(person, ostiary):
    ostiary(RETENTION_RULES=[f"{HERE}.court"])
    in_court.append(person.pk)
    asked = ask_now(person)

    assert not erasure.run(asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.last_error) == ("waiting", "Held: A court wants it")
    assert retention.holds_on(person)
    person.refresh_from_db()
    assert person.is_active

    in_court.clear()
    assert not erasure.run(asked.pk), "it is looked at again after a while"
    make_due()
    assert erasure.run_due() == 1


def test_a_rule_that_fails_holds_too_and_tells_nothing_personal(person, ostiary):
    ostiary(RETENTION_RULES=[f"{HERE}.broken"])
    asked = ask_now(person)

    assert not erasure.run(asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.last_error) == ("waiting", "Held: RuntimeError")
    assert erasure.cancel(person)


def test_what_has_begun_is_not_held(person, ostiary):
    asked = ask_now(person)
    Erasure.objects.update(state="running")
    ostiary(RETENTION_RULES=[f"{HERE}.court"])
    in_court.append(person.pk)

    assert erasure.run(asked.pk)
