"""What has had its time is removed, and nothing else (SECURITY H14)."""

import pytest
from django.utils import timezone

from mfa import tasks
from mfa.models import AuthenticatorApp


@pytest.mark.django_db
def test_a_key_that_nobody_confirmed_goes_after_an_hour(app, clock):
    def begin():
        return AuthenticatorApp.objects.create(
            user=app.user, key=AuthenticatorApp.new_key(), created_at=timezone.now()
        )

    begin()
    clock.advance(3601)
    waiting = begin()

    tasks.clean_up()

    assert set(AuthenticatorApp.objects.all()) == {app, waiting}


@pytest.mark.django_db
def test_a_worker_knows_the_task():
    from idp_site.celery import app

    app.loader.import_default_modules()
    app.finalize()
    assert all(entry["task"] in app.tasks for entry in tasks.BEAT_SCHEDULE.values())
