"""The overview: who they are, how the account is protected, and what goes on with it."""

import re

import pytest
from django.contrib.sessions.models import Session as Stored
from django.test import Client as Browser

from accounts import welcome
from ostiary import assurance, mail_standing, protection
from ostiary.models import MailMark, Session
from tests.accounts import flow
from tests.accounts.conftest import make_operator
from tests.accounts.test_invitations import accept, invite
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux) Firefox/130.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Safari/605"


def overview(browser):
    answer = browser.get("/account/")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text.partition("<main")[2])


def facts(page):
    return re.findall(r'<a href="[^"]+">([^<]+)</a> <span>([^<]+)</span> </li>', page)


@pytest.fixture
def alone(monkeypatch):
    """Our own report, without those of siblings."""
    own = {"accounts": protection._reports["accounts"]}
    monkeypatch.setattr(protection, "_reports", own)


def test_it_says_who_they_are(signed_in_browser):
    page = overview(signed_in_browser)

    assert "Alice Liddell" in page
    assert "alice@example.com" in page
    assert ">AL</span>" in page


def test_a_person_without_a_name_is_called_by_their_address(person):
    person.name = ""
    person.save()
    browser = Browser()
    flow.sign_in(browser, person.email)

    assert re.search(r"<h1>.*alice@example.com.*</h1>", overview(browser))


def test_a_hostile_name_is_text(person):
    person.name = "<script>alert(1)</script> \u202eevil"
    person.save()
    browser = Browser()
    flow.sign_in(browser, person.email)

    assert "<script>alert" not in browser.get("/account/").text


def test_it_repeats_no_list_of_the_navigation(signed_in_browser):
    page = overview(signed_in_browser)

    assert "/account/privacy/" not in page
    assert page.count('href="/account/sessions/"') == 1


def test_with_a_password_alone_and_no_other_app_nothing_is_advised(signed_in_browser, alone):
    page = overview(signed_in_browser)

    assert "How your account is protected" in page
    assert facts(page) == [("Password", "Set")]
    assert 'class="advice"' not in page


@pytest.mark.needs("passkeys")
def test_with_a_password_alone_a_passkey_is_the_next_step(signed_in_browser):
    page = overview(signed_in_browser)

    assert "Make your account safer" in page
    assert '<a class="button button-primary" href="/account/security/passkeys/">' in page


@pytest.mark.needs("mfa")
def test_without_passkeys_the_next_step_is_two_step_verification(signed_in_browser, monkeypatch):
    rest = {name: told for name, told in protection._reports.items() if name != "passkeys"}
    monkeypatch.setattr(protection, "_reports", rest)

    page = overview(signed_in_browser)

    assert "Turn on two-step verification." in page
    assert ("Two-step verification", "Off") in facts(page)


def test_whoever_can_not_come_back_is_led_to_a_way_in_first(signed_in_browser, person):
    person.set_unusable_password()
    person.save()
    # The session goes on under the new hash, as that of who signed up by their mailbox alone.
    store = signed_in_browser.session
    store["_auth_user_hash"] = person.get_session_auth_hash()
    store[assurance.SESSION_KEY] = {**store[assurance.SESSION_KEY], "amr": ["email"]}
    store.save()

    page = overview(signed_in_browser)

    assert "Your account needs your attention" in page
    assert "you’re locked out" in page
    assert 'href="/recover/"' in page
    assert ("Password", "Not set") in facts(page)
    # Nothing that is missing has a check mark.
    assert re.search(r'<li class="lacking">\s*<a [^>]*>Password</a>', page)


def test_an_address_that_gets_no_mail_is_told_before_what_makes_safer(signed_in_browser, person):
    digest = mail_standing.digest(person.email)
    MailMark.objects.create(user=person, state=MailMark.State.BOUNCED, digest=digest)

    page = overview(signed_in_browser)

    assert "Our emails don’t reach you" in page
    assert '<a class="button button-primary" href="/account/email/">' in page


def test_devices_are_counted_and_this_one_stands_first(signed_in_browser, person):
    for _ in range(4):
        flow.sign_in(Browser(headers={"user-agent": SAFARI}), person.email)

    page = overview(signed_in_browser)

    assert "You’re signed in on 5 devices." in page
    assert page.index("This device") < page.index("Safari on iPhone")
    assert page.count("Safari on iPhone</strong>") == 2
    assert "Active now" in page


def test_a_session_that_is_over_is_no_device(signed_in_browser, person):
    other = Browser(headers={"user-agent": SAFARI})
    flow.sign_in(other, person.email)
    other.post("/signout/")

    assert "You’re signed in on 1 device." in overview(signed_in_browser)


def test_nobody_elses_devices_are_shown(signed_in_browser, other_person):
    flow.sign_in(Browser(headers={"user-agent": SAFARI}), other_person.email)

    assert "Safari on iPhone" not in overview(signed_in_browser)


def test_the_last_three_sign_ins_are_shown_and_no_failed_one(signed_in_browser, person):
    for _ in range(3):
        flow.sign_in(Browser(headers={"user-agent": SAFARI}), person.email)
    flow.sign_in(Browser(headers={"user-agent": "Edg/1"}), person.email, "a wrong password")

    part = overview(signed_in_browser).partition("Recent sign-ins")[2]

    assert part.count("<time") == 3
    assert "Firefox" not in part
    assert "Edge" not in part


@pytest.mark.needs("oauth")
def test_connected_applications_are_counted_and_the_first_named(signed_in_browser, person):
    from oauth.models import Client, Consent

    assert "No application has access to your account." in overview(signed_in_browser)
    for name in ("Zebra", "<b>Ant</b>", "bee", "Cow", "Dog", "Emu"):
        client = Client.objects.create(name=name, logo_uri="https://elsewhere.example/logo.png")
        Consent.objects.create(user=person, client=client, scopes=["openid"])

    page = overview(signed_in_browser)

    assert "6 applications have access to your account." in page
    assert "And 2 more." in page
    assert "Zebra" not in page
    assert "&lt;b&gt;Ant" in page
    assert "elsewhere.example" not in page  # a page loads nothing from an application


def test_a_visitor_is_led_to_the_sign_in(browser):
    assert browser.get("/account/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_it_costs_no_more_statements_for_more_devices_and_sign_ins(signed_in_browser, person):
    def cost():
        with flow.statements() as done:
            signed_in_browser.get("/account/")
        return done

    before = cost()
    for _ in range(5):
        flow.sign_in(Browser(headers={"user-agent": SAFARI}), person.email)

    assert len(cost()) == len(before)
    assert len(before) <= 14, before
    assert Session.objects.count() == 6
    assert Stored.objects.exists()


def test_somebody_new_is_welcomed_once_with_the_next_step():
    browser = Browser()
    flow.sign_up(browser, "carol@example.com")
    browser.get("/account/profile/")  # wherever they went first

    first, second = overview(browser), overview(browser)

    assert "Welcome! Your account is ready." in first
    assert "Welcome!" not in second


def test_whoever_was_invited_is_welcomed_too(browser):
    accept(browser, invite(desk_of(make_operator("admin", is_superuser=True))))

    assert "Welcome!" in overview(browser)


def test_another_person_in_the_same_browser_is_not(person):
    browser = Browser()
    flow.ask_for_account(browser, "carol@example.com")
    kept = browser.session
    kept[welcome.KEY] = "the account of somebody else"
    kept.save()
    flow.sign_in(browser, person.email)

    assert "Welcome!" not in overview(browser)


def test_who_only_signs_in_is_not(signed_in_browser):
    assert "Welcome!" not in overview(signed_in_browser)
