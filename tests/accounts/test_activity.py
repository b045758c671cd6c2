"""What happened with an account, told to the person in plain words."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client as Browser

from ostiary import events
from tests import mmdb
from tests.accounts import flow

pytestmark = pytest.mark.django_db


def test_events_of_the_person_are_told_newest_first_with_device_and_place(signed_in_browser):
    signed_in_browser.post("/account/profile/", {"name": "Alice", "locale": "", "zoneinfo": ""})

    page = signed_in_browser.get("/account/activity/").content.decode()

    assert page.index("The profile was changed") < page.index("Signed in")
    assert "Firefox on Linux" in page
    assert "127.0.0.1" in page


def test_nothing_of_another_person_is_told(signed_in_browser, other_person):
    events.record("password.changed", user=other_person)

    assert (
        "The password was changed"
        not in signed_in_browser.get("/account/activity/").content.decode()
    )


def test_every_kind_that_accounts_writes_has_a_sentence(signed_in_browser, person, other_person):
    flow.recover(signed_in_browser, flow.recovery_link(other_person.email))

    for kind in ("signin.succeeded", "recovery.link_sent", "recovery.completed", "session.ended"):
        assert events.sentence(kind) != kind


def test_the_list_is_bounded(signed_in_browser, person):
    for _ in range(60):
        events.record("profile.changed", user=person)

    page = signed_in_browser.get("/account/activity/").content.decode()

    assert page.count("The profile was changed") == 50


def test_places_are_told_where_the_site_knows_them(settings, tmp_path, signed_in_browser, person):
    file = mmdb.write(tmp_path / "places.mmdb", {"127.0.0.0/24": mmdb.PLACES["198.51.100.0/25"]})
    settings.OSTIARY = {**settings.OSTIARY, "PLACES_DATABASE": str(file)}
    flow.sign_in(Browser(), person.email)

    for page in ("activity", "sessions"):
        shown = signed_in_browser.get(f"/account/{page}/").content.decode()
        assert "Paris, France (127.0.0.1)" in shown
    assert "Where: Paris, France (127.0.0.1)" in flow.delivered()[-1].body


def test_every_kind_that_the_code_writes_has_words():
    root = Path(__file__).resolve().parents[2]
    sources = [
        path.read_text()
        for app in ("ostiary", "accounts", "oauth")
        if apps.is_installed(app)
        for path in (root / app).rglob("*.py")
    ]
    kinds = {kind for text in sources for kind in re.findall(r'events\.record\(\s*"([^"]+)"', text)}

    assert {"email.changed", "factor_recovery.begun", "session.moved"} <= kinds
    assert [kind for kind in sorted(kinds) if events.sentence(kind) == kind] == []
