"""Who has an address that gets no mail is told so when they sign in, and can mend it."""

import re

import pytest
from django.test import Client as Browser
from django.utils import timezone

from ostiary import mail_standing
from ostiary.models import Event, MailMark, OutboxMessage
from tests.accounts import flow

pytestmark = pytest.mark.django_db


@pytest.fixture
def marked(person):
    """Mail to Alice comes back."""
    return mark(person)


def mark(person, state="bounced"):
    MailMark.objects.create(
        user=person,
        digest=mail_standing.digest(person.email),
        state=state,
        marked_at=timezone.now(),
    )
    return person


def signed_in(person):
    browser = Browser()
    flow.sign_in(browser, person.email)
    return browser


def test_who_signs_in_is_told_once_with_the_way_to_mend_it(marked):
    browser = signed_in(marked)
    once, again = browser.get("/account/").text, browser.get("/account/").text

    assert "Change or confirm your email address" in once
    assert "Change or confirm your email address" not in again
    for page in (once, again):
        assert "emails don’t reach you" in page
        assert 'href="/account/email/"' in page
    assert "was returned" in browser.get("/account/security/").text
    assert "Confirm email address" in browser.get("/account/email/").text


def test_a_complaint_is_told_in_other_words(person):
    browser = signed_in(mark(person, "complained"))

    assert "was reported as spam" in browser.get("/account/").text


def test_nobody_else_hears_of_it(marked, other_person):
    """Neither another person, nor whoever has yet to sign in."""
    assert "was returned" not in signed_in(other_person).get("/account/").text
    browser = Browser()
    assert "was returned" not in flow.sign_in(browser, marked.email, "wrong").text
    answers = []
    for address in (marked.email, "nobody@example.com"):
        answer = browser.post("/recover/", {"email": address}, follow=True)
        answers.append(re.sub(r'value="\w+"', "", answer.text).replace(address, ""))
    assert answers[0] == answers[1]


def test_the_address_is_confirmed_by_a_link_that_goes_to_it(marked):
    browser = signed_in(marked)

    browser.post("/account/email/again/")
    link = flow.link_in(flow.delivered()[-1])
    page = browser.get(link, follow=True).text
    assert "receive email for the account" in page
    browser.post("/account/email/confirm/")

    assert mail_standing.mark_of(marked) == ""
    assert Event.objects.filter(kind="email.confirmed_again").count() == 1
    assert not Event.objects.filter(kind="email.changed").exists()
    assert "Confirm email address" not in browser.get("/account/email/").text


def test_an_address_that_is_good_needs_no_confirming(person):
    browser = signed_in(person)
    before = OutboxMessage.objects.count()

    assert browser.post("/account/email/again/").status_code == 302
    assert OutboxMessage.objects.count() == before
    assert browser.get("/account/email/again/").status_code == 405


def test_another_address_starts_without_a_mark(marked):
    browser = signed_in(marked)
    browser.post("/account/email/", {"email": "alice@new.example"})
    link = next(flow.link_in(each) for each in flow.delivered() if each.to == ["alice@new.example"])
    browser.get(link)
    browser.post("/account/email/confirm/")

    marked.refresh_from_db()
    assert marked.email == "alice@new.example"
    assert mail_standing.mark_of(marked) == ""


def test_who_sets_a_password_by_a_mailed_link_gets_mail(marked):
    flow.recover(Browser(), flow.recovery_link(marked.email))

    assert mail_standing.mark_of(marked) == ""


def test_who_signs_in_by_a_mailed_code_gets_mail(settings, marked):
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    browser = Browser()
    browser.post("/signin/email/", {"email": marked.email})
    browser.post("/signin/email/code/", {"code": flow.code_in(flow.delivered()[-1])})

    assert flow.is_signed_in(browser)
    assert mail_standing.mark_of(marked) == ""
