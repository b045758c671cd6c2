"""A person goes through everything that there is, is erased, and then looked for (SECURITY F3)."""

from __future__ import annotations

import io
import logging
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings as site
from django.utils import timezone

from idp_site.logs import Formatter
from oauth import cleanup
from oauth.models import ClientSession, PushedRequest
from ostiary import erasure, event_chain, events, outbox, privacy, privacy_map, receipts
from ostiary.models import Erasure, OutboxMessage
from ostiary.privacy_map import Mark
from tests.accounts import flow
from tests.idp_site.marked_person import live
from tests.mfa import texting
from tests.oauth.conftest import put_signing_keys, scope_of_an_api  # noqa: F401  (a fixture)
from tests.oauth.far_end import far_end
from tests.searching import fields_with, found

pytestmark = [
    pytest.mark.django_db,
    *(pytest.mark.needs(app) for app in ("accounts", "oauth", "mfa", "passkeys")),
]


@pytest.fixture(autouse=True)
def site_that_has_it_all(settings, monkeypatch):
    settings.OSTIARY_MFA = texting.SETTINGS
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    texting.sent.clear()
    yield
    privacy._people.clear()


@pytest.fixture
def log():
    """What the site writes to its log, at its most talkative, as it is written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture(autouse=True)
def broker():
    """A folder, as the demo has it: what is handed over stands in files. Nobody takes it out."""
    folder = Path(site.VAR_DIR) / "broker-of-the-search"
    folder.mkdir(exist_ok=True)
    before = {
        name: current_app.conf[name] for name in ("broker_write_url", "broker_transport_options")
    }
    current_app.conf.update(
        broker_write_url="filesystem://localhost",
        broker_transport_options={
            "data_folder_in": str(folder),
            "data_folder_out": str(folder),
            "control_folder": str(folder),
        },
    )
    yield folder
    current_app.conf.update(before)
    shutil.rmtree(folder)


def test_nothing_of_an_erased_person_is_found_anywhere(log, broker):
    put_signing_keys()
    with far_end() as receiver:
        marks = live(receiver)
        for message in OutboxMessage.objects.filter(state="pending"):
            outbox.hand_over(message)
        event_chain.seal()
        before = {line.split(" in ")[0] for line in found(marks, log)}
        assert any(broker.iterdir()), "the broker has something"
        for one in ("first address raw", "name raw", "IP address raw", "key of the app raw"):
            assert one in before, "the search finds"
        tells_of_nobody = {str(each) for each in privacy_map.fields() if each.mark == Mark.NONE}
        wrongly = {
            where: what for where, what in fields_with(marks).items() if where in tells_of_nobody
        }
        assert wrongly == {}, "what the privacy map says is true"

        Erasure.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        assert erasure.run_due() == 1
        flow.delivered()
        cleanup.remove_client_sessions()
        PushedRequest.objects.update(expires_at=timezone.now())  # minutes later
        cleanup.remove_pushed_requests()
        event_chain.seal()

        assert receiver.asked, "the application was told"
    assert not ClientSession.objects.exists()
    left = found(marks, log)
    assert left == [], "\n".join(left)
    assert list(event_chain.verify()) == []
    about_somebody = events.Event.objects.exclude(subject="")
    assert all(events.personal_details(each) == {} for each in about_somebody)
    said = receipts.verify(Erasure.objects.get().receipt)
    assert re.search("zqx|mark.example", str(said)) is None
    assert what_no_eraser_has_been_at(said) == []


def what_no_eraser_has_been_at(said):
    """Models with something personal that the receipt doesn't name, nor give a reason to keep."""
    erased = {label for step in said["steps"] for label in step["erased"]}
    return sorted(
        {
            each.model._meta.label
            for each in privacy_map.fields()
            if each.mark == Mark.PERSONAL and not privacy_map.marks_of(each.model).kept
        }
        - erased
    )
