"""What a person tells of themselves: the standard claims of OpenID Connect."""

import itertools
import zoneinfo
from datetime import timedelta

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.utils import timezone, translation

from accounts import time_zones
from accounts.profile_form import ProfileForm
from ostiary.models import Event
from tests.accounts import flow

pytestmark = pytest.mark.django_db

FORM = {
    "name": "Alice Liddell",
    "given_name": "",
    "family_name": "",
    "preferred_username": "",
    "locale": "",
    "zoneinfo": "",
}


def save(browser, **fields):
    return browser.post("/account/profile/", {**FORM, **fields})


def test_the_profile_is_saved_and_the_log_says_which_fields(signed_in_browser, person):
    answer = save(signed_in_browser, given_name="Alice", locale="en", zoneinfo="Europe/London")

    assert answer["Location"] == "/account/profile/"
    person.refresh_from_db()
    assert (person.given_name, person.locale, person.zoneinfo) == ("Alice", "en", "Europe/London")
    event = Event.objects.get(kind="profile.changed")
    assert event.details == {"fields": ["given_name", "locale", "zoneinfo"]}
    assert "Profile saved." in signed_in_browser.get("/account/").content.decode()


def test_nothing_changed_is_no_event(signed_in_browser):
    save(signed_in_browser)

    assert not Event.objects.filter(kind="profile.changed").exists()


def test_the_time_of_the_change_is_kept_for_the_claim_updated_at(signed_in_browser, person):
    before = person.updated_at

    save(signed_in_browser, name="Alice")

    person.refresh_from_db()
    assert person.updated_at > before


def test_saving_writes_only_what_changed(signed_in_browser, person):
    """An operator switched the account off after the form's request had read it."""
    form = ProfileForm({**FORM, "name": "Alice"}, user=get_user_model().objects.get(pk=person.pk))
    assert form.is_valid()
    get_user_model().objects.filter(pk=person.pk).update(is_active=False, family_name="Liddell")

    assert form.save() == ["name"]

    person.refresh_from_db()
    assert (person.name, person.family_name, person.is_active) == ("Alice", "Liddell", False)


@pytest.mark.parametrize(
    ("field", "value"),
    [("locale", "xx"), ("zoneinfo", "Mars/Olympus"), ("name", "x" * 201), ("name", "a\x00b")],
)
def test_what_can_not_be_kept_is_told_beside_its_field(signed_in_browser, person, field, value):
    answer = save(signed_in_browser, **{field: value})

    assert answer.status_code == 400
    assert f'id="id_{field}_error"' in answer.content.decode()
    person.refresh_from_db()
    assert person.name == "Alice Liddell"


def test_a_language_that_an_operator_wrote_is_not_lost(signed_in_browser, person):
    get_user_model().objects.filter(pk=person.pk).update(locale="de-AT", zoneinfo="UTC")
    page = signed_in_browser.get("/account/profile/").content.decode()
    assert '<option value="de-AT" selected>' in page

    save(signed_in_browser, locale="de-AT", zoneinfo="UTC", name="Alice")

    person.refresh_from_db()
    assert (person.name, person.locale) == ("Alice", "de-AT")


def test_the_fields_help_the_browser_to_fill_them(signed_in_browser):
    page = signed_in_browser.get("/account/profile/").content.decode()

    for token in ("name", "given-name", "family-name", "nickname"):
        assert f'autocomplete="{token}"' in page


def test_visitors_are_sent_to_sign_in_and_back(browser, person):
    pages = ["", "profile/", "security/", "sessions/", "activity/", "privacy/"]
    for path in (f"/account/{page}" for page in pages):
        assert browser.get(path)["Location"] == f"/signin/?next={path}"
    assert flow.sign_in(browser, person.email, next="/account/activity/")["Location"] == (
        "/account/activity/"
    )


def test_every_standard_claim_is_the_persons_to_tell(signed_in_browser, person):
    told = {
        "middle_name": "Pleasance",
        "nickname": "Al",
        "profile": "https://alice.example/about",
        "website": "https://alice.example",
        "gender": "female",
        "birthdate": "1990-05-04",
        "street_address": "1 Christ Church\r\nTom Quad",
        "postal_code": "OX1 1DP",
        "locality": "Oxford",
        "region": "Oxfordshire",
        "country": "GB",
    }

    assert save(signed_in_browser, **told).status_code == 302

    person.refresh_from_db()
    kept = {name: str(getattr(person, name)) for name in told}
    assert kept == told
    assert person.address == {
        "street_address": "1 Christ Church\r\nTom Quad",
        "locality": "Oxford",
        "region": "Oxfordshire",
        "postal_code": "OX1 1DP",
        "country": "United Kingdom",
    }
    assert 'value="1990-05-04"' in signed_in_browser.get("/account/profile/").content.decode()


@pytest.mark.parametrize("field", ["profile", "website"])
@pytest.mark.parametrize(
    "value",
    ["javascript:alert(1)", "data:text/html,x", "http://alice.example", "ftp://a.example", "//x"],
)
def test_only_encrypted_addresses_of_the_web_are_taken(signed_in_browser, person, field, value):
    answer = save(signed_in_browser, **{field: value})

    assert answer.status_code == 400
    assert f'id="id_{field}_error"' in answer.content.decode()


@pytest.mark.parametrize("day", ["0001-01-01", "2999-01-01", "1990-02-30", "yesterday"])
def test_a_day_on_which_nobody_was_born_is_refused(signed_in_browser, day):
    assert save(signed_in_browser, birthdate=day).status_code == 400


def test_nobody_was_born_on_a_day_to_come(signed_in_browser):
    to_come = timezone.localdate() + timedelta(days=2)  # wherever the person is

    assert save(signed_in_browser, birthdate=to_come.isoformat()).status_code == 400


@pytest.mark.needs("oauth")
def test_an_address_is_told_to_applications_as_an_object(person):
    from oauth import claims

    assert claims.for_scopes(person, ["address"]) == {}
    person.country = "England"
    assert claims.for_scopes(person, ["address"]) == {"address": {"country": "England"}}
    person.country = "DE"
    with translation.override("de"):  # of whoever looks, and no matter of the application's
        assert claims.for_scopes(person, ["address"]) == {"address": {"country": "Germany"}}


@pytest.mark.needs("oauth")
def test_only_what_applications_can_ask_for_is_asked():
    from oauth import claims

    address = {"street_address", "postal_code", "locality", "region", "country"}
    assert set(ProfileForm.base_fields) - address <= set(claims.supported())
    assert set(ProfileForm.base_fields) == {*itertools.chain(*ProfileForm.GROUPS.values())}


@pytest.mark.parametrize(
    ("written", "kept"),
    [("Female", "female"), ("male", "male"), ("non-binary", "non-binary"), ("", "")],
)
def test_gender_is_free_and_the_standards_values_are_kept_by_name(person, written, kept):
    form = ProfileForm({"gender": written}, user=person, group="about")

    assert form.is_valid()
    assert form.cleaned_data["gender"] == kept


def test_what_is_suggested_is_in_the_words_of_the_page(person):
    person.gender = "female"

    shown = str(ProfileForm(user=person, group="about")["gender"])

    assert 'value="Female"' in shown.partition("<datalist")[0]
    assert '<option value="Male">' in shown


# --- group by group -------------------------------------------------------------------------------


def page_of(browser):
    return " ".join(browser.get("/account/profile/").content.decode().split())


def test_a_group_is_saved_alone(signed_in_browser, person):
    type(person).objects.update(nickname="Al", website="https://alice.example")

    answer = signed_in_browser.post("/account/profile/", {"group": "name", "name": "Alice L."})

    assert answer["Location"] == "/account/profile/"
    person.refresh_from_db()
    assert (person.name, person.nickname) == ("Alice L.", "")
    assert person.website == "https://alice.example", "another group is not touched"


def test_each_group_shows_its_values_and_is_edited_in_place(signed_in_browser, person):
    type(person).objects.update(country="FR", gender="female", zoneinfo="US/Pacific")

    page = page_of(signed_in_browser)

    for group in ProfileForm.GROUPS:
        assert f'<input type="hidden" name="group" value="{group}">' in page
    for shown in ("France", "Female", "United States – Los Angeles (UTC", "Use browser setting"):
        assert f"<dd>{shown}" in page
    assert "<details open>" not in page


def test_an_error_opens_its_group_again_and_no_other(signed_in_browser, person):
    answer = signed_in_browser.post(
        "/account/profile/", {"group": "about", "website": "ftp://alice.example"}
    )

    page = answer.content.decode()
    assert answer.status_code == 400
    assert page.count("<details open>") == 1
    opened = page.split("<details open>")[1].split("</details>")[0]
    assert 'id="id_website_error"' in opened
    assert 'value="ftp://alice.example"' in opened


@pytest.mark.parametrize("group", ["", "nothing", "name\x00", "user", "__class__"])
def test_without_a_group_of_ours_all_of_it_is_what_was_sent(signed_in_browser, person, group):
    answer = signed_in_browser.post(
        "/account/profile/", {"group": group, "name": "Alice", "website": "https://a.example"}
    )

    assert answer.status_code == 302
    person.refresh_from_db()
    assert (person.name, person.website) == ("Alice", "https://a.example")


# --- countries and time zones ---------------------------------------------------------------------


def test_countries_are_in_the_language_and_the_order_of_the_page(person):
    with translation.override("de"):
        names = [name for _code, name in ProfileForm(user=person).fields["country"].choices][1:]

    assert len(names) == 250
    assert "Deutschland" in names
    assert names.index("Ägypten") < names.index("Belgien"), "Ä stands with A"


@pytest.mark.parametrize(
    ("before", "shown"), [("England", "England"), ("germany", "Germany"), ("de", "Germany")]
)
def test_a_country_from_before_is_shown_and_stays_until_it_is_changed(
    signed_in_browser, person, before, shown
):
    type(person).objects.update(country=before)
    page = page_of(signed_in_browser)
    assert f"<dd>{shown}</dd>" in page
    selected = page.split('id="id_country"')[1].split(" selected>")[1].partition("<")[0]
    assert selected == shown

    value = {"England": "England"}.get(before, "DE")
    signed_in_browser.post(
        "/account/profile/", {"group": "contact", "country": value, "locality": "Bath"}
    )

    person.refresh_from_db()
    assert (person.country, person.locality) == (before, "Bath")
    assert Event.objects.get(kind="profile.changed").details == {"fields": ["locality"]}


@pytest.mark.parametrize("country", ["XX", "EU", "Narnia", "G\x00B", "DE" * 60])
def test_what_is_no_country_is_told_beside_its_field(signed_in_browser, person, country):
    answer = signed_in_browser.post("/account/profile/", {"group": "contact", "country": country})

    assert answer.status_code == 400
    assert 'id="id_country_error"' in answer.content.decode()


def test_zones_on_offer_are_modern_and_places():
    offered = time_zones.zones()

    assert {"Europe/Kyiv", "Asia/Kolkata", "America/Argentina/Buenos_Aires", "UTC"} <= set(offered)
    gone = {"Factory", "localtime", "Etc/GMT-14", "W-SU", "US/Pacific", "Asia/Calcutta", "EST"}
    assert not gone & set(offered)
    assert all(zoneinfo.ZoneInfo(zone) for zone in offered)


@pytest.mark.parametrize(
    ("older", "modern"),
    [
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("US/Pacific", "America/Los_Angeles"),
        ("GMT", "UTC"),
        ("Zulu", "UTC"),
        ("Europe/Amsterdam", "Europe/Amsterdam"),
        ("Etc/GMT-14", ""),
        ("Mars/Olympus", ""),
        ("", ""),
    ],
)
def test_an_older_name_leads_to_the_modern_one(older, modern):
    assert time_zones.canonical(older) == modern


def test_an_older_zone_is_shown_as_the_modern_one_and_stays_as_it_is(signed_in_browser, person):
    type(person).objects.update(zoneinfo="Asia/Calcutta")
    assert '<option value="Asia/Kolkata" selected>India' in page_of(signed_in_browser)

    for sent in ("Asia/Kolkata", "Asia/Calcutta"):
        signed_in_browser.post(
            "/account/profile/", {"group": "region", "zoneinfo": sent, "locale": "en"}
        )
        person.refresh_from_db()
        assert (person.zoneinfo, person.locale) == ("Asia/Calcutta", "en")


def test_a_zone_is_told_by_country_city_and_offset():
    with translation.override("de"):
        assert time_zones.label("Asia/Tokyo") == "Japan – Tokio (UTC+09:00)"
        assert time_zones.label("Asia/Singapore") == "Singapur (UTC+08:00)"
    with translation.override("en"):
        assert time_zones.label("Asia/Kathmandu") == "Nepal – Kathmandu (UTC+05:45)"
        assert time_zones.label("Pacific/Honolulu") == "United States – Honolulu (UTC−10:00)"


@pytest.mark.parametrize("kept", ["", "Europe/Berlin", "UTC", "Mars/<Olympus>", "GMT+0"])
@pytest.mark.parametrize("sent", [None, "", "Asia/Tokyo", "Mars/Olympus"])
def test_the_list_of_zones_is_written_as_django_writes_it(person, kept, sent):
    person.zoneinfo = kept
    data = None if sent is None else {"zoneinfo": sent}
    ours, djangos = (ProfileForm(data, user=person) for _ in range(2))
    djangos.fields["zoneinfo"].widget = forms.Select(
        choices=list(djangos.fields["zoneinfo"].choices)
    )

    assert str(ours["zoneinfo"]) == str(djangos["zoneinfo"])
    assert str(ours["zoneinfo"]).count(" selected") <= 1
