"""Sign-in by a mailed code or link, where operators let people (SECURITY C1, C2, H3, H9)."""

import re
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts import codes
from accounts.models import MailedCode
from ostiary import events
from ostiary.assurance import level_of
from ostiary.models import Event, OutboxMessage, Session
from tests.accounts import flow
from tests.accounts.conftest import make_person
from tests.parallel import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def passwordless(settings):
    """The operator lets people sign in by email."""
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}


def ask(browser, email, **query):
    """Ask for a code and link; returns the mail, if one was sent."""
    before = len(flow.delivered())
    answer = browser.post("/signin/email/", {"email": email, "next": query.get("next", "")})
    assert answer["Location"] == "/signin/email/code/"
    sent = flow.delivered()[before:]
    return sent[0] if sent else None


def code_in(message):
    return re.search(r"\d{4} \d{4}", message.body)[0]


def enter(browser, code):
    return browser.post("/signin/email/code/", {"code": code})


def test_a_code_signs_in_and_leads_where_the_person_was_going(browser, person):
    message = ask(browser, person.email, next="/account/sessions/?a=b")

    page = browser.get("/signin/email/code/").content.decode()
    assert 'autocomplete="one-time-code"' in page
    answer = enter(browser, code_in(message))

    assert answer["Location"] == "/account/sessions/?a=b"
    assert flow.is_signed_in(browser)


def test_it_is_told_truthfully_as_one_factor_that_is_nobodys_possession(browser, person):
    enter(browser, code_in(ask(browser, person.email)))

    session = Session.objects.get()
    assert session.amr == ["email"]
    assert level_of(["email"]).value == "urn:ostiary:aal1"
    assert level_of(["pwd", "email"]).value == "urn:ostiary:aal1"


@pytest.mark.parametrize("spelling", ["{}", " {} ", "{}".replace(" ", ""), "fullwidth", "dashes"])
def test_a_code_may_be_typed_in_any_spelling_but_only_once(browser, person, spelling):
    code = code_in(ask(browser, person.email))
    typed = {
        "fullwidth": "".join(chr(ord(c) + 0xFEE0) if c != " " else c for c in code),
        "dashes": code.replace(" ", "-"),
    }.get(spelling, spelling.format(code))

    assert enter(browser, typed).status_code == 302
    browser.post("/signout/")
    assert enter(browser, typed).status_code == 400
    assert not flow.is_signed_in(browser)


def test_a_code_counts_in_the_browser_that_asked_only(browser, person):
    code = code_in(ask(browser, person.email))
    thief = Browser()
    ask(thief, person.email)

    assert enter(thief, code).status_code == 400
    assert enter(Browser(), code).status_code == 400
    assert enter(browser, code).status_code == 302


def test_five_wrong_codes_are_the_last(browser, person):
    code = code_in(ask(browser, person.email))
    for _ in range(4):
        assert "Wrong code" in enter(browser, "00000000").content.decode()

    last = enter(browser, "00000000").content.decode()
    assert "Sign-in codes and links work once" in last
    assert enter(browser, code).status_code == 400


def test_a_code_lives_ten_minutes(browser, person):
    message = ask(browser, person.email)
    left = MailedCode.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)
    MailedCode.objects.update(expires_at=timezone.now())

    assert enter(browser, code_in(message)).status_code == 400
    assert browser.get(flow.link_in(message), follow=True).status_code == 400


def test_the_link_opens_a_page_and_its_button_signs_in(browser, person):
    link = flow.link_in(ask(browser, person.email, next="/account/profile/"))

    assert browser.get(link)["Location"] == "/signin/email/link/"
    page = browser.get("/signin/email/link/").content.decode()
    assert "You’ll be signed in as" in page
    assert not flow.is_signed_in(browser)
    assert browser.post("/signin/email/link/")["Location"] == "/account/profile/"
    assert flow.is_signed_in(browser)
    assert Browser().get(link, follow=True).status_code == 400


def test_in_another_browser_the_link_asks_whether_it_was_the_person(person):
    asking = Browser(headers={"user-agent": "Mozilla/5.0 (X11; Linux) Firefox/130.0"})
    link = flow.link_in(ask(asking, person.email))
    phone = Browser()

    phone.get(link)
    page = phone.get("/signin/email/link/").content.decode()

    assert "Did you request this link?" in page
    assert "Firefox" in page
    assert person.email in page
    assert phone.post("/signin/email/link/").status_code == 302
    assert flow.is_signed_in(phone)
    assert not flow.is_signed_in(asking)


def test_the_token_leaves_the_address_and_is_kept_hashed(browser, person):
    message = ask(browser, person.email)
    token = flow.link_in(message).partition("token=")[2]

    answer = browser.get(flow.link_in(message))

    assert "token" not in answer["Location"]
    row = MailedCode.objects.get()
    kept = f"{row.token_hash} {row.code_hash} {dict(browser.session)}"
    assert token not in kept
    assert code_in(message).replace(" ", "") not in kept


@pytest.mark.parametrize("change", ["password", "email", "inactive"])
def test_what_was_mailed_dies_with_a_change_of_the_account(browser, person, change):
    message = ask(browser, person.email)
    if change == "password":
        person.set_password(flow.NEW_PASSWORD)
    elif change == "email":
        person.email = "alice@elsewhere.example"
    else:
        person.is_active = False
    person.save()

    assert enter(browser, code_in(message)).status_code == 400
    assert not flow.is_signed_in(browser)


def test_a_code_in_place_of_a_sum_signs_nobody_in(browser, person, settings):
    settings.OSTIARY_ACCOUNTS = {
        **settings.OSTIARY_ACCOUNTS,
        "CHALLENGE_ACCOUNTS_PER_SOURCE": 1,
    }
    flow.sign_in(Browser(), "nobody@example.com", "a wrong password")
    browser.post("/signin/", {"identifier": person.email, "password": "", "challenge_by_mail": "1"})
    OutboxMessage.objects.update(next_attempt_at=timezone.now())
    code = code_in(flow.delivered()[-1])

    assert enter(browser, code).status_code == 400
    assert not flow.is_signed_in(browser)


@pytest.mark.parametrize("who", ["unknown", "inactive"])
def test_who_has_no_account_is_answered_alike_and_mailed_nothing(browser, person, who):
    make_person("inactive@example.com", is_active=False)
    # The log's key for what is about nobody is made by the first event.
    events.record("signin.failed", personal={"email": "first@example.com"})
    seen = []
    for email in (f"{who}@example.com", person.email):
        window = Browser()
        window.get("/signin/email/")
        with flow.statements() as done:
            answer = window.post("/signin/email/", {"email": email, "next": ""})
        page = window.get("/signin/email/code/").content.decode().replace(email, "")
        page = flow.without_token(page)
        wrong = enter(window, "0000 0000")
        said = flow.without_token(wrong.content.decode())
        seen.append((answer.status_code, done, page, wrong.status_code, said.replace(email, "")))

    assert seen[0] == seen[1]
    assert {to for message in flow.delivered() for to in message.to} == {person.email}


def test_asking_is_limited_and_says_when_to_come_back(person):
    answers = [
        Browser().post("/signin/email/", {"email": person.email, "next": ""}) for _ in range(6)
    ]

    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_strangers_who_ask_keep_nobody_from_asking_on_a_device_of_theirs(signed_in_browser, person):
    signed_in_browser.post("/signout/")
    for _ in range(8):
        Browser().post("/signin/email/", {"email": person.email, "next": ""})

    assert ask(signed_in_browser, person.email)


def test_the_page_offers_it_and_carries_on_what_was_asked_of_the_sign_in(browser, settings):
    page = browser.get("/signin/?next=/account/profile/&acr_values=phr").content.decode()
    assert 'href="/signin/email/?next=%2Faccount%2Fprofile%2F&amp;acr_values=phr"' in page

    settings.OSTIARY_ACCOUNTS = {}
    assert "/signin/email/" not in browser.get("/signin/").content.decode()
    for path in ("", "code/", "link/"):
        assert browser.get(f"/signin/email/{path}").status_code == 404
        assert browser.post(f"/signin/email/{path}").status_code == 404


def test_a_signed_in_person_proves_again_who_they_are_by_it(browser, person):
    enter(browser, code_in(ask(browser, person.email)))
    before = Session.objects.get()

    page = browser.get("/signin/email/?reauthenticate=1").content.decode()
    assert f'value="{person.email}"' in page
    enter(browser, code_in(ask(browser, person.email)))

    after = Session.objects.get()
    assert after.pk == before.pk
    assert after.authenticated_at > before.authenticated_at


def test_the_address_of_who_signs_in_by_it_is_verified(browser):
    erin = make_person("erin@example.com", email_verified_at=None)

    enter(browser, code_in(ask(browser, erin.email)))

    erin.refresh_from_db()
    assert erin.email_verified_at


def test_neither_code_nor_link_is_in_the_log_the_table_or_the_broker(browser, person):
    message = ask(browser, person.email)
    code = code_in(message).replace(" ", "")
    token = flow.link_in(message).partition("token=")[2]
    enter(browser, code)

    written = " ".join(
        str(value)
        for model in (Event, OutboxMessage, MailedCode)
        for row in model.objects.values()
        for value in row.values()
    )
    assert code not in written
    assert code_in(message) not in written
    assert token not in written


def test_a_wrong_code_is_an_event(browser, person):
    ask(browser, person.email)
    enter(browser, "00000000")

    assert Event.objects.filter(kind="signin.failed", outcome="failure").count() == 1
    assert Event.objects.filter(kind="code.requested").count() == 1


@pytest.mark.parametrize("typed", ["", " ", "\x00", "é" * 8, "1" * 41, "١٢٣٤٥٦٧٨"])
def test_nonsense_is_refused_and_never_a_500(browser, person, typed):
    ask(browser, person.email)

    assert enter(browser, typed).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_uses_of_one_code_exactly_one_signs_in(settings):
    alice = make_person("alice@example.com")
    browser = Browser()
    code = code_in(ask(browser, alice.email))
    key = {name: morsel.value for name, morsel in browser.cookies.items()}

    def use():
        window = Browser()
        for name, value in key.items():
            window.cookies[name] = value
        return enter(window, code)

    answers = at_once(use, ways=50)

    assert [a.status_code for a in answers].count(302) == 1
    assert Session.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_wrong_codes_five_are_looked_at(monkeypatch):
    alice = make_person("alice@example.com")
    browser = Browser()
    ask(browser, alice.email)
    key = {name: morsel.value for name, morsel in browser.cookies.items()}
    looked = []
    original = codes.is_right
    monkeypatch.setattr(codes, "is_right", lambda *a: looked.append(1) or original(*a))

    def use():
        window = Browser()
        for name, value in key.items():
            window.cookies[name] = value
        return enter(window, "00000000")

    at_once(use, ways=50)

    assert len(looked) == 5


@pytest.mark.django_db(transaction=True)
def test_of_20_parallel_uses_of_one_link_exactly_one_signs_in():
    alice = make_person("alice@example.com")
    link = flow.link_in(ask(Browser(), alice.email))
    browsers = [Browser() for _ in range(20)]
    for browser in browsers:
        browser.get(link)
    left = iter(browsers)

    answers = at_once(lambda: next(left).post("/signin/email/link/"), ways=20)

    assert [a.status_code for a in answers].count(302) == 1
    assert Session.objects.count() == 1


class LinkElsewhere:
    """A rule of an operator's own."""

    name = "link_elsewhere"
    weight = 40
    sentence = "a link that was asked for elsewhere"

    def applies(self, circumstances):
        return "link_opened_elsewhere" in circumstances.signals


@pytest.mark.parametrize(("elsewhere", "score"), [(False, 0), (True, 40)])
def test_rules_of_risk_are_told_of_a_link_that_another_browser_asked_for(
    person, settings, elsewhere, score
):
    settings.OSTIARY = {**settings.OSTIARY, "RISK_RULES": [f"{__name__}.LinkElsewhere"]}
    asking = Browser()
    link = flow.link_in(ask(asking, person.email))
    opening = Browser() if elsewhere else asking
    opening.get(link)

    opening.post("/signin/email/link/")

    told = Event.objects.get(kind="signin.succeeded").details["risk"]
    assert told.get("score", 0) == score
