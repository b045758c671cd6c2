"""What a person tells of themselves: the standard claims of OpenID Connect."""

from datetime import timedelta

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.utils import timezone

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
    assert "Your profile is saved." in signed_in_browser.get("/account/").content.decode()


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
        "country": "England",
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
        "country": "England",
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
