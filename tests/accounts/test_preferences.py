"""Language and time zone: chosen in the profile or the footer, and applied to every page."""

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client as Browser

from accounts import preferences
from ostiary import cookies, flow_language
from tests.accounts import flow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_languages(settings):
    """A site in English and German; Django's own words are translated."""
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]


def language_of(browser, path="/account/"):
    return browser.get(path)["Content-Language"]


def switch(browser, language, **fields):
    return browser.post("/language/", {"language": language, **fields})


def test_pages_are_in_the_language_of_the_profile_whatever_the_browser_says(
    signed_in_browser, person
):
    signed_in_browser.post("/account/profile/", {"name": "Alice", "locale": "de"})

    page = signed_in_browser.get("/account/", headers={"accept-language": "en"})

    assert page["Content-Language"] == "de"
    assert '<html lang="de"' in page.content.decode()


def test_a_language_that_the_site_lacks_is_that_of_the_browser(signed_in_browser, person):
    type(person).objects.update(locale="tlh")

    assert language_of(signed_in_browser) == "en"


def test_what_an_application_asked_for_goes_first(signed_in_browser, person, settings):
    type(person).objects.update(locale="de")
    signed_in_browser.cookies[cookies.name_of(flow_language.COOKIE)] = "en"

    assert language_of(signed_in_browser) == "en"


def test_one_persons_language_does_not_stay_for_the_next(signed_in_browser, person):
    type(person).objects.update(locale="de")
    assert language_of(signed_in_browser) == "de"

    assert language_of(Browser(), "/signin/") == "en"


def time_on_a_page(browser):
    page = browser.get("/account/activity/").content.decode()
    return page.split('<time datetime="')[1].partition('"')[0]


def test_times_are_by_the_clock_of_the_person(signed_in_browser, person):
    assert time_on_a_page(signed_in_browser).endswith("+00:00")
    type(person).objects.update(zoneinfo="Asia/Kolkata")
    assert time_on_a_page(signed_in_browser).endswith("+05:30")


@pytest.mark.parametrize("name", ["Asia/Kolkata", "Asia/Calcutta"])
def test_times_are_by_the_clock_of_the_browser_where_the_profile_has_none(
    signed_in_browser, person, name
):
    signed_in_browser.cookies[cookies.name_of(preferences.COOKIE)] = name
    assert time_on_a_page(signed_in_browser).endswith("+05:30")

    type(person).objects.update(zoneinfo="Asia/Tokyo")
    assert time_on_a_page(signed_in_browser).endswith("+09:00")


def test_one_browsers_time_zone_does_not_stay_for_the_next(signed_in_browser, person):
    signed_in_browser.cookies[cookies.name_of(preferences.COOKIE)] = "Asia/Kolkata"
    assert time_on_a_page(signed_in_browser).endswith("+05:30")

    del signed_in_browser.cookies[cookies.name_of(preferences.COOKIE)]
    assert time_on_a_page(signed_in_browser).endswith("+00:00")


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "Mars/Olympus",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe",
        "posixrules",
        "localtime",
        "Etc/GMT-14",
        "<script>",
        "Europe/Berlin\\000",
        "Zürich",
        "A" * 100_000,
    ],
)
def test_garbage_for_the_browsers_time_zone_counts_as_none(signed_in_browser, person, sent):
    signed_in_browser.cookies[cookies.name_of(preferences.COOKIE)] = sent

    assert time_on_a_page(signed_in_browser).endswith("+00:00")


def test_the_script_writes_the_cookie_that_is_read(settings):
    script = Path(finders.find("ostiary/time_zone.js")).read_text()

    for settings.SESSION_COOKIE_SECURE in (True, False):
        assert f'"{cookies.name_of(preferences.COOKIE)}"' in script


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "\x00", "/etc/localtime"])
def test_a_time_zone_that_is_none_is_that_of_the_site(signed_in_browser, person, zone):
    if "\x00" not in zone:
        type(person).objects.update(zoneinfo=zone)

    assert signed_in_browser.get("/account/activity/").status_code == 200


def test_a_visitor_switches_the_language_and_comes_back_to_the_page(browser, db):
    page = browser.get("/signin/?next=/account/").content.decode()
    assert 'value="de"' in page
    assert 'value="/signin/?next=/account/"' in page

    answer = switch(browser, "de", next="/signin/?next=/account/")

    assert answer["Location"] == "/signin/?next=/account/"
    assert language_of(browser, "/signin/") == "de"
    assert answer.cookies["ostiary_language"]["httponly"]


def test_a_signed_in_person_switches_it_everywhere(signed_in_browser, person):
    switch(signed_in_browser, "de")

    person.refresh_from_db()
    assert person.locale == "de"
    phone = Browser()
    flow.sign_in(phone, person.email)
    assert language_of(phone) == "de"


@pytest.mark.parametrize("wanted", ["", "xx", "../de", "de\r\nSet-Cookie: a=b", "fr"])
def test_no_other_language_can_be_chosen(browser, db, wanted):
    answer = switch(browser, wanted)

    assert answer.status_code == 302
    assert "ostiary_language" not in answer.cookies


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_it_leads_nowhere_else(browser, db, wanted):
    assert switch(browser, "de", next=wanted)["Location"] == "/"


def test_it_is_a_form_of_ours(db):
    assert Browser(enforce_csrf_checks=True).post("/language/", {}).status_code == 403
    assert Browser().get("/language/").status_code == 405


def test_a_site_in_one_language_has_no_switcher(browser, db, settings):
    settings.LANGUAGES = [("en", "English")]

    assert 'action="/language/"' not in browser.get("/signin/").content.decode()
