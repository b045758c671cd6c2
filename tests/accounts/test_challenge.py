"""Programs that try accounts do a sum before anybody is shut out (SECURITY C2, H4, H5)."""

import base64
import html
import json
import re
import time
from datetime import timedelta

import altcha
import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts import challenge
from accounts.models import MailedCode
from ostiary import outbox
from ostiary.models import Event, OutboxMessage
from tests.accounts import flow
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

ACCOUNTS, SOURCES = 3, 3


@pytest.fixture(autouse=True)
def low_limits(settings):
    """Three accounts, or three sources, are many here, and the sum is short."""
    settings.OSTIARY = {**settings.OSTIARY, "TRUSTED_PROXY_HOPS": 1}
    settings.OSTIARY_ACCOUNTS = {
        **settings.OSTIARY_ACCOUNTS,
        "CHALLENGE_ACCOUNTS_PER_SOURCE": ACCOUNTS,
        "CHALLENGE_SOURCES_PER_ACCOUNT": SOURCES,
        "CHALLENGE_WORK": 4,
        "PASSWORDLESS_EMAIL": True,
    }


FORMS = {
    "signin": ("/signin/", "identifier", {"password": flow.PASSWORD}),
    "signup": ("/signup/", "email", {"name": "", "password": flow.PASSWORD}),
    "recover": ("/recover/", "email", {}),
    "code": ("/signin/email/", "email", {}),
}


def send(form, account, ip="198.51.100.7", browser=None, **fields):
    """Send a form about an account from an address of the network."""
    path, field, usual = FORMS[form]
    return (browser or Browser()).post(
        path, {field: account, **usual, **fields}, headers={"x-forwarded-for": ip}
    )


def attack_from_one_source(form="signin", ip="198.51.100.7"):
    for number in range(ACCOUNTS):
        send(form, f"victim{number}@example.com", ip)


def attack_on_one_account(account, form="signin"):
    for number in range(SOURCES):
        send(form, account, f"203.0.113.{number}", password="a wrong password")


def asked(answer):
    """The challenge of a page; ``None`` if there is none."""
    found = re.search(r'data-challenge="([^"]+)"', answer.content.decode())
    return found and altcha.Challenge.from_dict(json.loads(html.unescape(found[1])))


def solved(given):
    """The answer that a browser sends."""
    return altcha.Payload(given, altcha.solve_challenge(given)).to_base64()


@pytest.mark.parametrize("form", FORMS)
def test_many_accounts_from_one_source_raise_it_there_and_nowhere_else(form, person):
    attack_from_one_source(form)

    answer = send(form, person.email)
    assert answer.status_code == 400
    assert "We’re seeing unusual activity" in answer.content.decode()
    assert asked(answer)
    assert send(form, person.email, ip="198.51.100.8").status_code == 302


@pytest.mark.parametrize("form", FORMS)
def test_whoever_does_the_sum_goes_on(form, person):
    attack_from_one_source(form)

    answer = send(form, person.email, altcha=solved(asked(send(form, person.email))))

    assert answer.status_code == 302


def test_many_sources_on_one_account_raise_it_for_that_account_everywhere(person, other_person):
    attack_on_one_account(person.email)

    assert asked(send("signin", person.email, "192.0.2.1"))
    assert send("signin", other_person.email, "192.0.2.1").status_code == 302


def test_many_tries_in_all_raise_it_everywhere(settings, person):
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "CHALLENGE_TRIES_IN_ALL": 4}
    for number in range(4):
        send("signin", "nobody@example.com", "192.0.2.9" if number % 2 else "192.0.2.10")

    assert asked(send("signin", person.email, "192.0.2.1"))


def test_an_unknown_account_is_asked_as_a_known_one_is(person):
    attack_on_one_account(person.email)
    attack_on_one_account("nobody@example.com")

    known = send("signin", person.email, "192.0.2.1")
    unknown = send("signin", "nobody@example.com", "192.0.2.1")

    def same(answer, email):
        text = re.sub(r'(data-challenge=)"[^"]+"', r"\1", answer.content.decode())
        return flow.without_token(text).replace(email, "")

    assert asked(known)
    assert same(known, person.email) == same(unknown, "nobody@example.com")


def test_addresses_of_one_ipv6_network_are_one_source(person):
    for number in range(ACCOUNTS):
        send("signin", f"victim{number}@example.com", f"2001:db8:0:1::{number}")

    assert asked(send("signin", person.email, "2001:db8:0:1:ffff::1"))


def test_one_person_who_mistypes_is_not_taken_for_many(person):
    for _ in range(8):
        send("signin", person.email, password="a wrong password")

    assert send("signin", person.email).status_code == 302


def test_the_owner_is_not_asked_on_a_device_of_theirs(person):
    own = Browser()
    send("signin", person.email, "192.0.2.1", own)
    own.post("/signout/")
    attack_on_one_account(person.email)
    attack_from_one_source(ip="192.0.2.1")

    assert send("signin", person.email, "192.0.2.1", own).status_code == 302


def test_without_the_sum_no_password_is_looked_at_and_no_try_is_spent(person, monkeypatch):
    attack_from_one_source()

    def refuse(*args, **kwargs):
        raise AssertionError("a password was looked at")

    monkeypatch.setattr("accounts.views.signin.authenticate", refuse)
    for _ in range(3):
        assert asked(send("signin", person.email))


def test_no_sign_shuts_anybody_out(person):
    attack_from_one_source()
    attack_on_one_account(person.email)

    first = send("signin", person.email)
    assert send("signin", person.email, altcha=solved(asked(first))).status_code == 302


def test_after_a_wrong_password_the_next_sum_is_on_the_page(person):
    attack_from_one_source()
    answer = solved(asked(send("signin", person.email)))

    wrong = send("signin", person.email, altcha=answer, password="a wrong password")

    assert "Wrong email address or password" in wrong.content.decode()
    assert send("signin", person.email, altcha=solved(asked(wrong))).status_code == 302


def test_an_answer_is_good_once(person):
    attack_from_one_source()
    answer = solved(asked(send("signin", person.email)))
    assert send("signin", person.email, altcha=answer).status_code == 302

    assert asked(send("signin", person.email, altcha=answer))


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_uses_of_one_answer_exactly_one_counts():
    answer = solved(challenge.new("signin"))

    used = at_once(lambda: challenge.is_solved("signin", answer))

    assert sorted(used) == [False] * 49 + [True]


def test_an_answer_for_another_form_is_none(person):
    assert not challenge.is_solved("signin", solved(challenge.new("recover")))


def test_an_answer_that_comes_too_late_is_none(monkeypatch):
    given = solved(challenge.new("signin"))
    now = time.time()

    monkeypatch.setattr(time, "time", lambda: now + challenge.LIFETIME_SECONDS + 1)

    assert not challenge.is_solved("signin", given)


def tampered(change):
    """A solved challenge that somebody has changed."""
    payload = json.loads(base64.b64decode(solved(challenge.new("signin"))))
    change(payload)
    return base64.b64encode(json.dumps(payload).encode()).decode()


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p["challenge"]["parameters"].update(cost=1),
        lambda p: p["challenge"]["parameters"].update(expiresAt=2**40),
        lambda p: p["challenge"]["parameters"].update(data={"form": "signin", "x": 1}),
        lambda p: p["challenge"]["parameters"].update(keySignature=None),
        lambda p: p["challenge"]["parameters"].update(nonce="00" * 16),
        lambda p: p["challenge"].update(signature=""),
        lambda p: p["challenge"].update(signature=None),
        lambda p: p["challenge"].pop("signature"),
        lambda p: p["challenge"].update(parameters=None),
        lambda p: p["solution"].update(derivedKey="00" * 32),
        lambda p: p["solution"].update(derivedKey=None),
        lambda p: p.pop("solution"),
    ],
)
def test_what_was_not_issued_and_solved_is_refused(change):
    assert not challenge.is_solved("signin", tampered(change))


def test_unsolved_is_refused_and_a_counter_alone_is_no_solution():
    given = challenge.new("signin")
    for solution in (
        altcha.Solution(counter=1, derived_key=""),
        altcha.Solution(counter=4, derived_key="aa" * 32),
    ):
        assert not challenge.is_solved("signin", altcha.Payload(given, solution).to_base64())


@pytest.mark.parametrize(
    "answer",
    ["", "x", "bnVsbA==", "e30=", "W10=", "MQ==", "\x00", "é" * 9, "A" * 100_000, "W" * 4000],
)
def test_nonsense_is_refused_and_never_a_500(person, answer):
    attack_from_one_source()

    assert asked(send("signin", person.email, altcha=answer))


# --- without a script ----------------------------------------------------------------------------


def code_mailed_to(address):
    """The code that the worker has mailed, once its time had come."""
    OutboxMessage.objects.filter(kind="accounts.mailed_code").update(next_attempt_at=timezone.now())
    [message] = [m for m in flow.delivered() if m.to == [address] and "code for" in m.subject]
    return re.search(r"\d{4} \d{4}", message.body)[0]


@pytest.mark.parametrize("form", ["signin", "recover", "code"])
def test_a_mailed_code_takes_the_place_of_the_sum(form, person):
    attack_from_one_source(form)
    browser = Browser()
    page = send(form, person.email, browser=browser, challenge_by_mail="1", password="")
    assert page.status_code == 200
    assert 'autocomplete="one-time-code"' in page.content.decode()

    code = code_mailed_to(person.email)

    assert send(form, person.email, browser=browser, challenge_code=code).status_code == 302


def test_for_a_sign_up_it_is_mailed_to_the_address_that_asks(browser):
    attack_from_one_source("signup")
    send("signup", "carol@example.com", browser=browser, challenge_by_mail="1")

    code = code_mailed_to("carol@example.com")

    answer = send("signup", "carol@example.com", browser=browser, challenge_code=code)
    assert answer.status_code == 302


def test_the_code_is_mailed_after_a_delay(person, browser):
    attack_from_one_source()
    send("signin", person.email, browser=browser, challenge_by_mail="1")

    outbox.deliver_due()

    waiting = OutboxMessage.objects.get(kind="accounts.mailed_code")
    assert waiting.next_attempt_at > timezone.now() + timedelta(seconds=5)


def test_an_unknown_account_is_mailed_nothing_and_told_the_same(browser, person):
    attack_from_one_source()
    pages = []
    for address in ("nobody@example.com", person.email):
        with flow.statements() as done:
            page = send("signin", address, browser=Browser(), challenge_by_mail="1")
        text = flow.without_token(page.content.decode())
        pages.append((page.status_code, text.replace(address, ""), done))

    assert pages[0] == pages[1]
    OutboxMessage.objects.update(next_attempt_at=timezone.now())
    assert {to for message in flow.delivered() for to in message.to} == {person.email}


def test_the_code_is_for_this_browser_this_account_and_this_form(person, other_person):
    attack_from_one_source()
    attack_from_one_source("recover")
    browser = Browser()
    send("signin", person.email, browser=browser, challenge_by_mail="1")
    code = code_mailed_to(person.email)

    assert send("signin", person.email, challenge_code=code).status_code == 400
    answer = send("signin", other_person.email, browser=browser, challenge_code=code)
    assert answer.status_code == 400
    answer = send("recover", person.email, browser=browser, challenge_code=code)
    assert answer.status_code == 400


def test_five_wrong_codes_are_the_last(person, browser):
    attack_from_one_source()
    send("signin", person.email, browser=browser, challenge_by_mail="1")
    code = code_mailed_to(person.email)
    for _ in range(5):
        wrong = send("signin", person.email, browser=browser, challenge_code="0000 0000")
        assert "Wrong or expired code" in wrong.content.decode()

    answer = send("signin", person.email, browser=browser, challenge_code=code)
    assert answer.status_code == 400


def test_codes_are_mailed_so_often_and_no_more(person, browser):
    attack_from_one_source()

    statuses = [
        send("signin", person.email, browser=browser, challenge_by_mail="1").status_code
        for _ in range(6)
    ]

    assert statuses == [200] * 5 + [429]
    assert MailedCode.objects.count() == 5


def test_an_empty_code_field_is_no_way_past(person, browser):
    attack_from_one_source()

    assert send("signin", person.email, browser=browser, challenge_code="").status_code == 400


# --- what operators see --------------------------------------------------------------------------


def test_each_sign_is_one_event_that_names_nobody_in_plain(person):
    attack_from_one_source()
    attack_on_one_account(person.email)
    send("signin", "victim9@example.com", "203.0.113.77")

    events = Event.objects.filter(kind="attack.suspected")
    assert sorted(event.details["sign"] for event in events) == [
        "many_accounts_from_one_source",
        "many_sources_on_one_account",
    ]
    assert all("example.com" not in str(event.details) for event in events)
    assert all(b"example.com" not in bytes(event.personal) for event in events)


def test_the_metrics_tell_signs_and_sums(person, browser):
    attack_from_one_source()
    page = send("signin", person.email)
    send("signin", person.email, altcha=solved(asked(page)))

    told = browser.get("/metrics").content.decode()

    assert "ostiary_attacks_suspected 1.0" in told
    assert 'ostiary_challenges{outcome="asked"} 1.0' in told
    assert 'ostiary_challenges{outcome="passed"} 1.0' in told


def test_with_limits_of_zero_nobody_is_asked(settings, person):
    settings.OSTIARY_ACCOUNTS = {
        "CHALLENGE_ACCOUNTS_PER_SOURCE": 0,
        "CHALLENGE_SOURCES_PER_ACCOUNT": 0,
        "CHALLENGE_TRIES_IN_ALL": 0,
    }
    attack_from_one_source()
    attack_on_one_account(person.email)

    assert send("signin", person.email).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_tries_each_is_counted_once(settings):
    settings.OSTIARY_ACCOUNTS = {
        **settings.OSTIARY_ACCOUNTS,
        "CHALLENGE_ACCOUNTS_PER_SOURCE": 50,
    }
    left = iter(range(50))

    at_once(lambda: send("signin", f"victim{next(left)}@example.com"))

    assert Event.objects.filter(kind="attack.suspected").count() == 1
    assert asked(send("signin", "victim50@example.com"))
