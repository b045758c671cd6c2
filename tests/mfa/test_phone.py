"""A telephone that gets codes: set up, changed and removed (SECURITY C8, C9, D2, D4)."""

import itertools

import pytest
from django.test import Client as Browser
from django.test import RequestFactory

from mfa.models import AuthenticatorApp, Phone, SentCode
from mfa.sms import phones
from mfa.sms.factor import KIND
from ostiary import factors
from ostiary.models import Event
from tests.mfa import flow, texting
from tests.mfa import texting as texting_of
from tests.mfa.texting import NEW_NUMBER, NUMBER, PHONE, code_in, delivered, wrong
from tests.parallel import at_once

pytestmark = pytest.mark.needs("accounts")

CODE = f"{PHONE}code/"
DAY = 24 * 3600


@pytest.fixture
def at_home(texting, browser, person):
    """A browser in which Alice has just signed in by her password."""
    flow.show_password(browser, person.email)
    return browser


@pytest.fixture
def by_phone(phone, browser, person):
    """A browser in which Alice has just signed in by her password and a text message."""
    browser.post(texting.CHALLENGE, {"code": texting.begin(browser, person)})
    return browser


def ask(browser, number):
    """Enter a number, and open the page that its code is entered on; returns the code."""
    assert browser.post(PHONE, {"number": number}).url == CODE
    assert browser.get(CODE).status_code == 200
    return code_in(delivered()[-1])


def mails(mailoutbox, words):
    delivered()
    return [mail for mail in mailoutbox if words in mail.subject]


def test_a_number_counts_once_its_code_was_entered(at_home, person, mailoutbox):
    code = ask(at_home, "+49 1512 3456789")
    assert delivered()[-1].to == NUMBER
    assert not factors.factors_of(person)

    at_home.post(CODE, {"code": code})

    [phone] = Phone.objects.all()
    assert (phone.confirmed, phone.number, phone.name) == (True, NUMBER, "+49 ••• ••89")
    assert at_home.session["ostiary.assurance"]["amr"] == ["pwd", "sms", "mfa"]
    assert len(mails(mailoutbox, "verification method was added")) == 1
    assert flow.show_password(Browser(), person.email).url == texting.CHALLENGE


def test_the_page_says_what_a_text_message_is_worth(at_home):
    page = at_home.get(PHONE).content.decode()
    assert "can take over a phone number" in page
    assert 'autocomplete="tel"' in page


def test_a_number_that_gets_none_is_refused_beside_its_field(at_home):
    answer = at_home.post(PHONE, {"number": "+49 30 123456"})
    assert answer.status_code == 400
    assert "Enter a mobile number" in answer.content.decode()
    assert 'aria-describedby="id_number_helptext id_number_error"' in answer.content.decode()
    assert not Phone.objects.exists()


def test_a_wrong_code_confirms_nothing(at_home, person):
    code = ask(at_home, NUMBER)
    assert at_home.post(CODE, {"code": wrong(code)}).status_code == 400
    assert not factors.factors_of(person)


def test_a_code_of_one_number_does_not_confirm_another(at_home, person):
    first = ask(at_home, NUMBER)
    second = ask(at_home, NEW_NUMBER)
    assert first == second or at_home.post(CODE, {"code": first}).status_code == 400
    at_home.post(CODE, {"code": second})
    assert [phone.number for phone in Phone.objects.all()] == [NEW_NUMBER]


def test_a_code_counts_in_the_session_that_asked_only(at_home, person):
    code = ask(at_home, NUMBER)
    elsewhere = Browser()
    flow.show_password(elsewhere, person.email)
    assert elsewhere.post(CODE, {"code": code}).status_code == 400
    at_home.post("/signout/")
    flow.show_password(at_home, person.email)
    assert at_home.post(CODE, {"code": code}).status_code == 400
    assert SentCode.objects.exists()
    assert not factors.factors_of(person)


def test_a_new_number_waits_for_a_day_and_the_old_one_gets_the_codes(
    clock, by_phone, person, mailoutbox
):
    by_phone.post(CODE, {"code": ask(by_phone, NEW_NUMBER)})

    assert phones.in_use(person).number == NUMBER
    assert phones.waiting(person).number == NEW_NUMBER
    assert len(factors.factors_of(person)) == 1
    [told] = mails(mailoutbox, "phone number for Ostiary is being changed")
    assert "+49 ••• ••80" in told.body
    assert delivered()[-1].to == NUMBER
    assert "The phone number for codes" in delivered()[-1].text

    clock.advance(DAY - 60)
    texting.begin(Browser(), person)
    assert delivered()[-1].to == NUMBER
    clock.advance(61)
    texting.begin(Browser(), person)
    assert delivered()[-1].to == NEW_NUMBER
    assert phones.forget_replaced() == 1
    assert phones.in_use(person).number == NEW_NUMBER


def test_a_change_can_be_stopped(by_phone, person, mailoutbox):
    by_phone.post(CODE, {"code": ask(by_phone, NEW_NUMBER)})
    assert "Keep current number" in by_phone.get(PHONE).content.decode()

    by_phone.post(f"{PHONE}keep/")

    assert phones.waiting(person) is None
    assert [phone.number for phone in Phone.objects.all()] == [NUMBER]
    assert len(mails(mailoutbox, "stays")) == 1


def test_a_change_asks_for_two_factors(person, phone, browser, settings):
    flow.show_password(browser, person.email)
    for address in (PHONE, CODE, f"{PHONE}keep/", f"{PHONE}remove/"):
        assert browser.get(address).url.startswith("/signin/")
        assert browser.post(address, {"number": NEW_NUMBER}).url.startswith("/signin/")
    assert Phone.objects.count() == 1


def test_removing_it_asks_for_a_password_that_can_stand_alone(by_phone, person, mailoutbox):
    assert by_phone.get(f"{PHONE}remove/").status_code == 200
    assert by_phone.post(f"{PHONE}remove/", {"password": "wrong"}).status_code == 400
    by_phone.post(CODE, {"code": ask(by_phone, NEW_NUMBER)})

    by_phone.post(f"{PHONE}remove/", {"password": flow.PASSWORD})

    assert not Phone.objects.exists()
    assert len(mails(mailoutbox, "verification method was removed")) == 1


def test_who_has_an_app_is_offered_none(at_home, person):
    AuthenticatorApp.objects.create(user=person, key=AuthenticatorApp.new_key(), confirmed=True)
    at_home.post("/signout/")
    app = AuthenticatorApp.objects.get()
    flow.show_password(at_home, person.email)
    flow.enter(at_home, flow.code_of(app))
    assert PHONE not in at_home.get("/account/security/").content.decode()
    assert at_home.get(PHONE).status_code == 404
    assert not Phone.objects.exists()


def test_where_none_are_sent_none_is_offered(at_home, settings):
    assert PHONE in at_home.get("/account/security/").content.decode()
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, "SMS_BACKEND": ""}
    assert PHONE not in at_home.get("/account/security/").content.decode()
    assert at_home.get(PHONE).status_code == 404


def test_the_log_tells_of_a_change_without_the_number(by_phone, person):
    by_phone.post(CODE, {"code": ask(by_phone, NEW_NUMBER)})
    event = Event.objects.get(kind="phone.changed")
    assert "80" not in str(event.details)


# --- removing it and adding another is no way round the waiting time -----------------------------


def removed(browser):
    assert browser.post(f"{PHONE}remove/", {"password": flow.PASSWORD}).status_code == 302


def test_another_number_waits_for_a_day_after_the_old_one_was_removed(
    clock, by_phone, person, mailoutbox
):
    removed(by_phone)
    by_phone.post(CODE, {"code": ask(by_phone, NEW_NUMBER)})

    assert phones.in_use(person) is None
    assert phones.waiting(person).number == NEW_NUMBER
    assert factors.factors_of(person) == [], "the owner is not locked out by it"
    assert len(mails(mailoutbox, "phone number for Ostiary is being changed")) == 1
    assert "Remove the new number" in by_phone.get(PHONE).content.decode()
    clock.advance(DAY + 1)
    assert phones.in_use(person).number == NEW_NUMBER
    assert phones.forget_removed() == 1


def test_it_can_be_stopped_by_who_gets_in_by_their_password(clock, counted_here, by_phone, person):
    removed(by_phone)
    by_phone.post(CODE, {"code": ask(by_phone, NEW_NUMBER)})
    own = Browser()
    flow.show_password(own, person.email)
    assert flow.is_signed_in(own)
    own.post(f"{PHONE}keep/")
    clock.advance(300)
    assert not Phone.objects.exists()
    by_phone.post(CODE, {"code": ask(by_phone, NEW_NUMBER)})
    assert phones.in_use(person) is None, "it waits again"


def test_adding_it_again_neither_shortens_nor_prolongs_the_wait(
    clock, counted_here, by_phone, person
):
    removed(by_phone)
    by_phone.post(CODE, {"code": ask(by_phone, NEW_NUMBER)})
    first = phones.waiting(person).usable_from
    clock.advance(300)
    by_phone.post(CODE, {"code": ask(by_phone, NEW_NUMBER)})
    assert phones.waiting(person).usable_from == first


def test_the_same_number_is_there_again_at_once(by_phone, person):
    removed(by_phone)
    by_phone.post(CODE, {"code": ask(by_phone, NUMBER)})
    assert phones.in_use(person).number == NUMBER


def test_after_an_operator_or_the_waiting_time_removed_it_another_counts_at_once(by_phone, person):
    removed(by_phone)
    factors.reset(person)
    by_phone.post(CODE, {"code": ask(by_phone, NEW_NUMBER)})
    assert phones.in_use(person).number == NEW_NUMBER


@pytest.mark.django_db(transaction=True)
def test_of_a_removal_and_a_new_number_at_once_none_is_in_use_before_its_time(texting, person):
    old = texting_of.make_phone(person)
    new = phones.propose(person, NEW_NUMBER)
    request = RequestFactory().get("/")
    does = itertools.cycle([phones.remove, phones.confirm])
    phone = itertools.cycle([old, new])
    at_once(lambda: next(does)(request, next(phone), KIND), 2)
    assert phones.in_use(person) is None
