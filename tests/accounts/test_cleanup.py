"""Links that have expired are removed, and no others (SECURITY H14)."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts import cleanup, tasks
from accounts.models import PendingRegistration, RecoveryToken
from tests.accounts import flow
from tests.accounts.conftest import make_person

pytestmark = pytest.mark.django_db


def expire(model):
    model.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def test_what_is_live_stays(browser, person):
    flow.ask_for_account(browser, "carol@example.com")
    link = flow.recovery_link(person.email)

    tasks.clean_up()

    assert PendingRegistration.objects.count() == 1
    assert flow.recover(Browser(), link).status_code == 302


def test_what_has_expired_goes(browser, person):
    flow.ask_for_account(browser, "carol@example.com")
    flow.recovery_link(person.email)
    expire(PendingRegistration)
    expire(RecoveryToken)

    tasks.clean_up()

    assert not PendingRegistration.objects.exists()
    assert not RecoveryToken.objects.exists()


def test_it_works_in_bounded_batches():
    for number in range(5):
        person = make_person(f"person{number}@example.com")
        RecoveryToken.objects.create(
            user=person, token_hash=str(number), credential_hash="", expires_at=timezone.now()
        )

    assert cleanup.remove_expired_recoveries(batch=2, most=1) == 2
    assert cleanup.remove_expired_recoveries(batch=2) == 3
    assert cleanup.remove_expired_recoveries() == 0


def test_a_worker_knows_the_task_and_when_to_run_it():
    from idp_site.celery import app

    app.loader.import_default_modules()
    app.finalize()
    for entry in tasks.BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks
    assert "ostiary.accounts.cleanup" in app.conf.beat_schedule
