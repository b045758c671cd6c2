"""How many text messages go out, to whom, where and in a day (SECURITY D2, H4)."""

import pytest
from django.core import mail
from django.test import Client as Browser
from django.test import RequestFactory

from mfa.models import TextMessage
from mfa.sms import budget, sending
from mfa.sms.budget import BudgetSpent
from ostiary import throttling
from ostiary.models import Event
from ostiary.throttling import Throttled
from tests.mfa import flow, texting
from tests.mfa.conftest import make_person
from tests.parallel import at_once

pytestmark = pytest.mark.needs("accounts")


def limit(settings, **limits):
    """These limits, and no other that is near."""
    wide = dict.fromkeys(("session", "user", "number", "ip", "country"), "1000/hour")
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"sms": {**wide, **limits}}}


def limit_day(settings, number):
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, "SMS_DAILY_BUDGET": number}


def send(person, phone, ip="192.0.2.1", browser=None):
    """Have a code sent in a new browser; whether it was."""
    request = RequestFactory().get("/", REMOTE_ADDR=ip)
    request.session = (browser or Browser()).session
    request.session.create()
    request.user = person
    try:
        sending.send_code(request, person, phone, "setup")
    except (Throttled, BudgetSpent):
        return False
    return True


def test_each_limit_holds_for_itself(settings, person, other_person, phone):
    others = texting.make_phone(other_person, texting.NEW_NUMBER)
    far = texting.make_phone(make_person("carol@example.com"), "+16502530000")
    for which in ("user", "number", "ip", "country"):
        limit(settings, **{which: "2/hour"})
        assert [send(person, phone) for _ in range(3)] == [True, True, False], which
        # The person is another, and so is their number; the network and the country are the same.
        assert send(other_person, others) is (which in ("user", "number")), which
        assert send(far.user, far, ip="198.51.100.1") is True, which


def test_h5_who_enters_a_strangers_number_spends_nothing_that_its_owner_signs_in_by(
    settings, person, other_person, phone
):
    limit(settings, number="2/hour")
    claimed = texting.make_phone(other_person, texting.NUMBER)
    claimed.confirmed = False
    assert [send(other_person, claimed) for _ in range(3)] == [True, True, False]
    assert send(person, phone) is True


def test_one_browser_has_a_limit_of_its_own(settings, person, phone, browser, clock, counted_here):
    limit(settings, session="2/hour")
    flow.show_password(browser, person.email)
    browser.get(texting.CHALLENGE)
    for _ in range(3):
        browser.post(texting.CHALLENGE, {"resend": "1"})
        clock.advance(31)
    texting.delivered()
    assert len(texting.sent) == 2
    page = browser.post(texting.CHALLENGE, {"resend": "1"})
    assert page.status_code == 429
    assert "Too many messages" in page.content.decode()
    assert "/recover/second-step/" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_fifty_parallel_sends_spend_a_limit_exactly(settings, person, phone):
    limit(settings, user="5/hour")
    assert sum(at_once(lambda: send(person, phone))) == 5
    assert TextMessage.objects.count() == 5
    assert len(texting.delivered()) == 5


@pytest.mark.django_db(transaction=True)
def test_fifty_parallel_sends_of_two_people_spend_the_day_exactly(
    settings, person, other_person, phone
):
    limit(settings)
    limit_day(settings, 7)
    others = texting.make_phone(other_person, texting.NEW_NUMBER)
    both = iter([(person, phone), (other_person, others)] * 25)
    assert sum(at_once(lambda: send(*next(both)))) == 7
    assert TextMessage.objects.count() == 7
    assert budget.spent() == 7


@pytest.mark.django_db(transaction=True)
def test_fifty_parallel_sends_in_redis_spend_the_day_exactly(settings, person, phone, redis_url):
    throttling.storage_at(redis_url).reset()
    limit(settings)
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLE_STORAGE": redis_url}
    limit_day(settings, 7)
    try:
        assert sum(at_once(lambda: send(person, phone))) == 7
    finally:
        throttling.storage_at(redis_url).reset()


def test_at_four_fifths_the_operators_are_mailed_once_and_at_the_end_once_more(
    settings, person, phone
):
    person.is_superuser = True
    person.save()
    limit(settings)
    limit_day(settings, 5)
    assert [send(person, phone) for _ in range(8)] == [True] * 5 + [False] * 3
    texting.delivered()
    told = [message for message in mail.outbox if "text messages" in message.subject]
    assert [message.to for message in told] == [[person.email]] * 2
    assert "4 of the 5" in told[0].body or "5 of the 5" in told[0].body
    kinds = Event.objects.filter(kind__startswith="sms.budget").values_list("kind", flat=True)
    assert sorted(kinds) == ["sms.budget_spent", "sms.budget_warning"]


def test_on_the_next_day_there_is_a_new_budget(settings, person, phone, clock):
    limit(settings)
    limit_day(settings, 1)
    assert [send(person, phone) for _ in range(2)] == [True, False]
    clock.advance(24 * 3600)
    assert send(person, phone) is True


def test_a_spent_day_is_told_to_the_person_with_what_to_do(settings, person, phone, browser):
    limit_day(settings, 1)
    send(person, phone, browser=Browser())
    flow.show_password(browser, person.email)
    page = browser.get(texting.CHALLENGE)
    assert page.status_code == 503
    assert "Use another way, or try again tomorrow" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_twenty_parallel_uses_of_one_code_one_signs_in(person, phone, browser):
    code = texting.begin(browser, person)

    def enter():
        other = Browser()
        other.cookies = browser.cookies.copy()
        return other.post(texting.CHALLENGE, {"code": code}).get("Location", "")

    assert at_once(enter, 20).count("/account/") == 1
    assert Event.objects.filter(kind="signin.succeeded").count() == 1
