"""An identifier is used once, however many ask at once, and whatever a cache forgets
(SECURITY B4, B7, H1)."""

import time
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from oauth import cleanup, replay
from oauth.models import UsedIdentifier
from tests.oauth import flow
from tests.oauth.assertions import make_proof, new_key, signed_by
from tests.parallel import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def used(identifier: str, purpose: str = "dpop", seconds: float = 60) -> bool:
    return replay.first_use(purpose, identifier, time.time() + seconds)


def test_of_50_parallel_uses_of_one_identifier_one_is_the_first():
    assert at_once(lambda: used("a")).count(True) == 1


def test_identifiers_of_different_purposes_are_different():
    assert used("b")
    assert used("b", purpose="client_assertion")
    assert not used("b")


def test_h1_what_was_used_stays_so_though_every_cache_is_emptied():
    assert used("c")
    for each in caches.all():
        each.clear()

    assert not used("c")


def test_any_text_is_an_identifier():
    for identifier in ("", "\x00", "\ud800", "é" * 5000):
        assert used(identifier)
        assert not used(identifier)


def test_clean_up_removes_what_has_expired_and_nothing_else():
    used("old")
    UsedIdentifier.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    used("new")

    assert cleanup.remove_used_identifiers() == 1
    assert not used("new")
    assert used("old")


def test_it_is_remembered_for_longer_than_a_clock_that_is_late_takes_what_bore_it():
    used("d", seconds=0)

    assert cleanup.remove_used_identifiers() == 0
    assert not used("d")


@pytest.mark.parametrize("outage", [OperationalError, InterfaceError])
def test_while_it_cannot_be_remembered_the_answer_is_an_outage_and_no_fault_of_the_client(
    signing_client, service_client, monkeypatch, outage
):
    def away(*_):
        raise outage("the database is away")

    monkeypatch.setattr(replay, "first_use", away)
    form = {"grant_type": "client_credentials"}
    secret = flow.basic(service_client.client_id, service_client.raw_secret)

    for answer in (
        flow.post_form(flow.TOKEN, {**form, **signed_by(signing_client)}),
        flow.post_form(flow.TOKEN, form, secret, dpop=make_proof(new_key())),
    ):
        assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
        assert answer["Retry-After"]
        assert answer["Access-Control-Allow-Origin"] == "*"
    assert not UsedIdentifier.objects.exists()
