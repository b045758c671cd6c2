"""Sign-in by address and password, on one page."""

import html
import re
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from django.test import Client as Browser

from ostiary.models import Event, Session
from tests.accounts import flow
from tests.accounts.conftest import make_person

pytestmark = pytest.mark.django_db


def test_a_person_signs_in_and_arrives_where_they_were_going(browser, person):
    answer = flow.sign_in(browser, person.email, next="/account/sessions/?a=b")

    assert answer["Location"] == "/account/sessions/?a=b"
    assert flow.is_signed_in(browser)


def test_the_page_is_ready_for_password_managers_and_passkeys(browser):
    page = browser.get("/signin/").content.decode()

    assert 'autocomplete="username webauthn"' in page
    assert 'autocomplete="current-password"' in page
    assert all(" src=" in tag for tag in re.findall(r"<script[^>]*>", page))
    assert 'style="' not in page


@pytest.mark.parametrize(
    "typed",
    ["Alice@Example.COM", "  alice@example.com ", "ａｌｉｃｅ＠example.com", "ALICE@example.com"],
)
def test_the_address_may_be_typed_in_any_case_and_width(browser, person, typed):
    assert flow.sign_in(browser, typed).status_code == 302


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("alice@example.com", "not the password of alice"),
        ("nobody@example.com", flow.PASSWORD),
        ("inactive@example.com", flow.PASSWORD),
        ("unverified@example.com", flow.PASSWORD),
        ("passwordless@example.com", flow.PASSWORD),
    ],
)
def test_every_refusal_says_the_same(browser, person, email, password):
    make_person("inactive@example.com", is_active=False)
    make_person("passwordless@example.com", password="!unusable")
    flow.ask_for_account(Browser(), "unverified@example.com")

    answer = flow.sign_in(browser, email, password)

    assert answer.status_code == 400
    assert "Wrong email address or password." in answer.content.decode()
    assert not flow.is_signed_in(browser)


def test_a_refusal_is_an_event_that_does_not_tell_the_address_in_plain(browser, person):
    flow.sign_in(browser, person.email, "not the password of alice")

    event = Event.objects.get()
    assert (event.kind, event.outcome, event.subject) == ("signin.failed", "failure", "")
    assert "alice" not in str(event.details)
    assert b"alice" not in bytes(event.personal)


def test_an_empty_form_is_refused_field_by_field(browser):
    answer = browser.post("/signin/", {})

    assert answer.status_code == 400
    assert answer.content.decode().count("This field is required.") == 2


def test_the_password_is_never_sent_back(browser, person):
    answer = flow.sign_in(browser, person.email, "not the password of alice")

    assert "not the password of alice" not in answer.content.decode()
    assert 'value="alice@example.com"' in answer.content.decode()


def test_who_is_signed_in_already_goes_on(signed_in_browser):
    assert signed_in_browser.get("/signin/")["Location"] == "/account/"
    assert signed_in_browser.get("/signin/?next=/account/profile/")["Location"] == (
        "/account/profile/"
    )


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "https://testserver.evil.example/",
        "\x08//evil.example",
    ],
)
def test_next_leads_to_this_site_only(browser, person, wanted):
    assert flow.sign_in(browser, person.email, next=wanted)["Location"] == "/account/"
    assert browser.get("/signin/", {"next": wanted})["Location"] == "/account/"


def test_next_survives_every_turn_to_sign_up_and_recovery_and_a_wrong_password(browser, person):
    wanted = "/oauth/authorize?client_id=a&scope=openid profile"
    page = browser.get("/signin/", {"next": wanted}).content.decode()
    assert re.search(
        r'name="next" value="/oauth/authorize\?client_id=a&amp;scope=openid profile"', page
    )
    for path in ("/signup/", "/recover/"):
        assert f'href="{path}?next=%2Foauth%2Fauthorize%3Fclient_id%3Da' in page

    wrong = browser.post(
        "/signin/", {"identifier": person.email, "password": "wrong", "next": wanted}
    )
    assert 'name="next" value="/oauth/authorize?' in wrong.content.decode()


def test_the_session_key_is_rotated_so_that_a_planted_one_is_worth_nothing(browser, person):
    browser.get("/signup/verify/?token=planted")
    planted = browser.session.session_key

    flow.sign_in(browser, person.email)

    assert browser.session.session_key != planted
    thief = Browser()
    thief.cookies[django_settings.SESSION_COOKIE_NAME] = planted
    assert not flow.is_signed_in(thief)


def test_a_session_key_that_the_client_made_up_is_not_taken(browser, person):
    made_up = "a" * 32
    browser.cookies[django_settings.SESSION_COOKIE_NAME] = made_up

    flow.sign_in(browser, person.email)

    assert browser.session.session_key != made_up
    assert flow.is_signed_in(browser)


def test_a_session_ends_with_the_browser_unless_the_person_is_remembered(person):
    brief, kept = Browser(), Browser()
    form = {"identifier": person.email, "password": flow.PASSWORD}
    brief.post("/signin/", form)
    kept.post("/signin/", {**form, "remember": "on"})

    cookie = django_settings.SESSION_COOKIE_NAME
    assert brief.cookies[cookie]["max-age"] == ""
    assert int(kept.cookies[cookie]["max-age"]) == 30 * 24 * 3600
    assert list(Session.objects.order_by("id").values_list("remembered", flat=True)) == [
        False,
        True,
    ]


def test_a_deactivated_persons_sessions_end_at_the_next_request(signed_in_browser, person):
    assert flow.is_signed_in(signed_in_browser)

    person.is_active = False
    person.save(update_fields=["is_active"])

    assert not flow.is_signed_in(signed_in_browser)


def test_a_changed_password_ends_sessions_at_the_next_request(signed_in_browser, person):
    person.set_password(flow.NEW_PASSWORD)
    person.save()

    assert not flow.is_signed_in(signed_in_browser)


def reauthentication(**query: str) -> str:
    return "/signin/?" + urlencode({"reauthenticate": "1", "next": "/account/security/", **query})


def test_a_signed_in_person_proves_again_who_they_are_and_keeps_their_session(
    signed_in_browser, person
):
    before = Session.objects.get()
    key = signed_in_browser.session.session_key

    page = signed_in_browser.get(reauthentication()).content.decode()
    assert "Verify it’s you" in page
    assert 'value="alice@example.com"' in page
    answer = flow.sign_in(
        signed_in_browser, person.email, reauthenticate="1", next="/account/security/"
    )

    assert answer["Location"] == "/account/security/"
    after = Session.objects.get()
    assert after.pk == before.pk
    assert after.authenticated_at > before.authenticated_at
    assert signed_in_browser.session.session_key != key


def test_who_proves_again_who_they_are_types_a_password_alone(signed_in_browser):
    page = signed_in_browser.get(reauthentication()).content.decode()

    assert '<label for="id_identifier">' not in page
    assert re.search(r'name="identifier"[^>]* value="alice@example.com" readonly hidden>', page)
    assert re.search(r'name="password"[^>]* autofocus', page)
    assert ">Continue</button>" in page


def test_another_account_can_be_used_instead(signed_in_browser, other_person):
    page = signed_in_browser.get(reauthentication()).content.decode()
    [address] = re.findall(r'href="(\?[^"]*another=1[^"]*)"', page)

    page = signed_in_browser.get(f"/signin/{html.unescape(address)}").content.decode()
    assert "Verify it’s you" not in page
    assert "alice@example.com" not in page
    assert '<label for="id_identifier">' in page
    flow.sign_in(signed_in_browser, other_person.email, reauthenticate="1", another="1")
    assert "bob@example.com" in signed_in_browser.get("/account/").content.decode()


def test_a_wrong_password_at_reauthentication_leaves_the_session_as_it_was(
    signed_in_browser, person
):
    flow.sign_in(signed_in_browser, person.email, "a wrong password", reauthenticate="1")

    assert flow.is_signed_in(signed_in_browser)
    assert Session.objects.get().ended_at is None


def test_reauthentication_by_another_person_leaks_nothing_of_the_first(
    signed_in_browser, person, other_person
):
    session = signed_in_browser.session
    session["note"] = "of alice"
    session.save()

    flow.sign_in(signed_in_browser, other_person.email, reauthenticate="1")

    page = signed_in_browser.get("/account/").content.decode()
    assert "bob@example.com" in page
    assert "alice@example.com" not in page
    assert "note" not in signed_in_browser.session
    alices = Session.objects.get(user=person)
    bobs = Session.objects.get(user=other_person)
    assert alices.ended_at is not None
    assert bobs.ended_at is None
    assert bobs.pk != alices.pk


def test_where_another_person_is_expected_the_page_does_not_ask_this_one_to_confirm(
    signed_in_browser,
):
    page = signed_in_browser.get(reauthentication(login_hint="bob@example.com")).content.decode()

    assert "Verify it’s you" not in page
    assert 'value="bob@example.com"' in page


def test_a_login_hint_is_text_and_nothing_else(browser):
    page = browser.get("/signin/", {"login_hint": '"><script>alert(1)</script>'}).content.decode()

    assert "<script>alert" not in page


def test_the_page_is_not_kept_by_caches(browser):
    assert "no-store" in browser.get("/signin/")["Cache-Control"]
