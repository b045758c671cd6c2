"""The security and privacy pages are put together of what each app brings."""

import pytest
from django.utils import timezone

from accounts.models import TermsAcceptance
from ostiary import panels
from ostiary.panels import PRIVACY, SECURITY, Panel, register_panel, shown
from tests.accounts import flow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    """Our own panels, without those of siblings; what a test registers goes with it."""
    copied = {
        page: {
            name: panel
            for name, panel in known.items()
            if panel.template.startswith("ostiary_accounts/")
        }
        for page, known in panels._panels.items()
    }
    monkeypatch.setattr(panels, "_panels", copied)


def headings(browser, page):
    text = browser.get(f"/account/{page}/").content.decode()
    return [part.partition("</h2>")[0] for part in text.split("<h2>")[1:]]


def test_another_apps_panel_is_shown_in_its_place(signed_in_browser, person):
    told = {"usable": False}
    later = Panel("ostiary_accounts/panels/password.html", lambda request: told, order=90)
    register_panel(SECURITY, "other", later)

    page = signed_in_browser.get("/account/security/").content.decode()

    assert headings(signed_in_browser, "security") == ["Password", "Password"]
    assert page.index("Change password") < page.index("You have no password")


def test_a_panel_that_is_not_for_the_person_is_not_shown(signed_in_browser, rf):
    register_panel(PRIVACY, "none", Panel("does/not/exist.html", lambda request: None))

    assert headings(signed_in_browser, "privacy") == [
        "What is kept about you, and why",
        "A copy of your data",
        "What would stay if your account were erased",
        "Erase your account",
    ]


def test_panels_stand_in_order_and_one_replaces_another_of_its_name(rf):
    for name, order in (("b", 5), ("a", 5), ("c", 1), ("b", 0)):
        register_panel("page", name, Panel(name, lambda request: {}, order=order))

    assert [entry["template"] for entry in shown("page", rf.get("/"))] == ["b", "c", "a"]
    assert shown("no such page", rf.get("/")) == []


def test_who_has_no_password_is_led_to_set_one(signed_in_browser, person, rf):
    person.set_unusable_password()
    request = rf.get("/")
    request.user = person

    [entry] = [e for e in shown(SECURITY, request) if "password" in e["template"]]

    assert entry["panel"] == {"usable": False}


def test_the_privacy_page_says_what_is_kept_and_why_and_what_was_accepted(
    signed_in_browser, person, settings
):
    settings.OSTIARY = {**settings.OSTIARY, "EVENT_RETENTION_DAYS": 123}
    TermsAcceptance.objects.create(user=person, version="2026-01", accepted_at=timezone.now())

    page = signed_in_browser.get("/account/privacy/").content.decode()

    assert "Kept for 123 days." in page
    assert "You accepted the terms 2026-01" in page


def test_the_privacy_page_tells_of_nobody_else(signed_in_browser, other_person):
    TermsAcceptance.objects.create(user=other_person, version="3", accepted_at=timezone.now())

    assert "You accepted" not in signed_in_browser.get("/account/privacy/").content.decode()


def test_the_overview_leads_to_every_page(signed_in_browser):
    page = signed_in_browser.get("/account/").content.decode()

    for name in ("profile", "security", "sessions", "activity", "privacy"):
        assert f'href="/account/{name}/"' in page


def test_the_password_is_still_changed_on_the_page(signed_in_browser, person):
    answer = signed_in_browser.post(
        "/account/security/",
        {"current_password": flow.PASSWORD, "password": flow.NEW_PASSWORD},
    )

    assert answer.status_code == 302
    person.refresh_from_db()
    assert person.check_password(flow.NEW_PASSWORD)
