"""What happened with an account, told to the person in plain words."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client as Browser
from django.utils import timezone

from ostiary import event_groups, events, privacy
from ostiary.models import Event
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


def activity(browser, query=""):
    answer = browser.get(f"/account/activity/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_goes_on_page_by_page_under_the_same_filter(signed_in_browser, person):
    for _ in range(60):
        events.record("profile.changed", user=person)

    page = activity(signed_in_browser, "?kind=privacy&period=7")

    assert page.count("<strong>The profile was changed") == 50
    assert "?kind=privacy&amp;period=7&amp;page=2" in page
    older = activity(signed_in_browser, "?kind=privacy&period=7&page=2")
    assert older.count("<strong>The profile was changed") == 10
    assert "?kind=privacy&amp;period=7&amp;page=1" in older
    assert "page=3" not in older


def test_it_is_filtered_by_group(signed_in_browser, person):
    events.record("profile.changed", user=person)
    events.record("password.changed", user=person)

    shown = {name: activity(signed_in_browser, f"?kind={name}") for name in event_groups.GROUPS}

    said = {
        name: [s for s in ("Signed in", "The password", "The profile") if f"<strong>{s}" in page]
        for name, page in shown.items()
    }
    assert said == {
        "sign-ins": ["Signed in"],
        "security": ["The password"],
        "applications": [],
        "privacy": ["The profile"],
    }
    assert "No activity matches this filter." in shown["applications"]


def test_it_is_filtered_by_period(signed_in_browser, person):
    long_ago = timezone.now() - timedelta(days=20)
    subject = privacy.person(str(person.pk)).pseudonym
    Event.objects.create(at=long_ago, kind="password.changed", subject=subject)

    assert "The password was changed" in activity(signed_in_browser, "?period=30")
    assert "The password was changed" not in activity(signed_in_browser, "?period=7")


@pytest.mark.parametrize(
    "query",
    [
        "?kind=nothing&period=-1&page=0",
        "?kind=sign-ins%00&period=9999999999999&page=99999999999999999999",
        "?kind=&kind=security'--&period=7;drop&page=-5",
        "?page=%D9%A1",
        "?page=9999&period=٣",
    ],
)
def test_an_address_that_asks_for_nothing_sensible_is_a_page(signed_in_browser, query):
    assert "Recent activity" in activity(signed_in_browser, query)


def test_what_failed_or_looked_unusual_stands_out(signed_in_browser, person):
    assert "icon-warning alarming" not in activity(signed_in_browser)

    events.record("signin.failed", user=person, outcome="failure")

    assert "icon-warning alarming" in activity(signed_in_browser)


def test_a_filter_costs_no_statement_more(signed_in_browser):
    with flow.statements() as plain:
        activity(signed_in_browser)
    with flow.statements() as filtered:
        activity(signed_in_browser, "?kind=sign-ins&period=7")

    assert len(filtered) == len(plain)


def test_the_hour_is_told_with_its_zone(signed_in_browser, person):
    type(person).objects.update(zoneinfo="Asia/Kolkata")

    assert "Times are in the time zone Asia/Kolkata." in activity(signed_in_browser)


def test_every_declared_kind_is_in_one_group():
    grouped = [
        kind for group in event_groups.GROUPS.values() for kind in event_groups.kinds_of(group)
    ]

    assert sorted(grouped) == sorted(events.kinds())


def test_places_are_told_where_the_site_knows_them(settings, tmp_path, signed_in_browser, person):
    file = mmdb.write(tmp_path / "places.mmdb", {"127.0.0.0/24": mmdb.PLACES["198.51.100.0/25"]})
    settings.OSTIARY = {**settings.OSTIARY, "PLACES_DATABASE": str(file)}
    flow.sign_in(Browser(), person.email)

    for page in ("activity", "sessions"):
        shown = signed_in_browser.get(f"/account/{page}/").content.decode()
        assert "Paris, France (127.0.0.1)" in shown
    assert "Location: Paris, France (127.0.0.1)" in flow.delivered()[-1].body


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
