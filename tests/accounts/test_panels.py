"""The security and privacy pages are put together of what each app brings."""

import pytest
from django.utils import timezone

from accounts.models import TermsAcceptance
from ostiary import panels
from ostiary.panels import PRIVACY, SECURITY, Card, Panel, register_card, register_panel, shown
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
    own = {name: card for name, card in panels._cards.items() if name in ("password", "email")}
    monkeypatch.setattr(panels, "_cards", own)


def headings(browser, page):
    text = browser.get(f"/account/{page}/").content.decode()
    return [part.partition("</h2>")[0] for part in text.split("<h2>")[1:]]


def test_another_apps_panel_is_shown_in_its_place(signed_in_browser, person):
    told = {"cards": []}
    later = Panel("ostiary_accounts/panels/ways_in.html", lambda request: told, order=90)
    register_panel(SECURITY, "other", later)

    assert headings(signed_in_browser, "security") == ["How you sign in", "How you sign in"]


def test_another_apps_card_is_shown_in_its_place(signed_in_browser):
    badge = Card("key", "Badge <1>", "On", "Manage", "/badge/", "Hold it to the reader.")
    register_card("badge", lambda request: badge, order=90)
    register_card("nobody's", lambda request: None, order=95)

    page = signed_in_browser.get("/account/security/").content.decode()

    assert page.index("Change password") < page.index("Badge &lt;1&gt;")
    assert page.index("Hold it to the reader.") < page.index('href="/badge/"')


@pytest.mark.parametrize(
    ("address", "is_open"), [("/account/security/", False), ("/.well-known/change-password", True)]
)
def test_the_form_for_a_new_password_opens_when_it_is_asked_for(
    signed_in_browser, address, is_open
):
    page = signed_in_browser.get(address, follow=True).content.decode()

    assert ("<details open>" in page) is is_open
    assert page.count("autofocus") == is_open


def test_the_form_is_open_where_something_in_it_is_wrong(signed_in_browser):
    page = signed_in_browser.post("/account/security/", {}).content.decode()

    assert "<details open>" in page
    assert page.count("autofocus") == 1


def test_sign_in_by_email_is_told_where_the_operator_lets_people(signed_in_browser, settings):
    assert "Sign-in by email" not in signed_in_browser.get("/account/security/").text
    settings.OSTIARY_ACCOUNTS = {"PASSWORDLESS_EMAIL": True}

    assert "Sign-in by email" in signed_in_browser.get("/account/security/").text


def test_a_panel_that_is_not_for_the_person_is_not_shown(signed_in_browser, rf):
    register_panel(PRIVACY, "none", Panel("does/not/exist.html", lambda request: None))

    assert headings(signed_in_browser, "privacy") == [
        "What we store, and why",
        "Download your data",
        "What we keep after you delete your account",
        "Delete your account",
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

    [card] = panels.cards(request)

    assert (card.state, card.url, card.is_on) == ("Not set", "/recover/", False)
    assert not card.template


def test_the_privacy_page_says_what_is_kept_and_why_and_what_was_accepted(
    signed_in_browser, person, settings
):
    settings.OSTIARY = {**settings.OSTIARY, "EVENT_RETENTION_DAYS": 123}
    TermsAcceptance.objects.create(user=person, version="2026-01", accepted_at=timezone.now())

    page = signed_in_browser.get("/account/privacy/").content.decode()

    assert "Stored for 123 days." in page
    assert "You accepted version 2026-01 of the terms" in page


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
