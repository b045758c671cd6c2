"""Many requests at once: real threads, each with a database connection of its own."""

import secrets

import pytest
from django.contrib.auth import get_user_model
from django.test import Client as Browser

from accounts.models import RecoveryToken
from ostiary.models import Event, Session
from tests.accounts import flow
from tests.parallel import at_once

pytestmark = pytest.mark.django_db(transaction=True)

User = get_user_model()


@pytest.fixture
def alice():
    return User.objects.create_user("alice@example.com", flow.PASSWORD)


def statuses(answers):
    return sorted(answer.status_code for answer in answers)


def test_of_50_parallel_uses_of_one_recovery_link_exactly_one_sets_the_password(alice):
    link = flow.recovery_link(alice.email)
    browsers = [Browser() for _ in range(50)]
    for browser in browsers:
        browser.get(link)
    left = iter(range(50))

    def use():
        number = next(left)
        password = f"the passphrase of number {number}"
        return password, browsers[number].post("/recover/set/", {"password": password})

    answers = at_once(use)

    assert statuses(answer for _, answer in answers) == [302] + [400] * 49
    winner = next(password for password, answer in answers if answer.status_code == 302)
    alice.refresh_from_db()
    assert alice.check_password(winner)
    assert Event.objects.filter(kind="recovery.completed").count() == 1
    told = [m for m in flow.delivered() if "was changed" in m.subject]
    assert len(told) == 1


def test_of_50_parallel_confirmations_of_one_sign_up_exactly_one_makes_the_account():
    flow.ask_for_account(Browser(), "carol@example.com")
    link = flow.link_in(flow.delivered()[0])
    browsers = iter([Browser() for _ in range(50)])

    def confirm():
        browser = next(browsers)
        browser.get(link)
        return browser.post("/signup/verify/", {"password": flow.PASSWORD})

    answers = at_once(confirm)

    assert statuses(answers) == [302] + [400] * 49
    assert User.objects.count() == 1
    assert Event.objects.filter(kind="signup.verified").count() == 1


def test_two_people_who_confirm_one_address_at_once_make_one_account():
    links = []
    for browser in (asking := [Browser() for _ in range(5)]):
        flow.ask_for_account(browser, "carol@example.com")
        links.append(flow.link_in(flow.delivered()[-1]))
    for browser, link in zip(asking, links, strict=True):
        browser.get(link)
    left = iter(asking)

    answers = at_once(lambda: next(left).post("/signup/verify/"), ways=5)

    assert statuses(answers) == [302] + [400] * 4
    assert User.objects.count() == 1


def test_parallel_requests_for_a_link_leave_one_that_works(alice, settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"recovery": {"user": "100/hour"}}}

    answers = at_once(lambda: Browser().post("/recover/", {"email": alice.email}), ways=20)

    assert statuses(answers) == [302] * 20
    links = [flow.link_in(message) for message in flow.delivered()]
    assert len(links) == 20
    assert RecoveryToken.objects.count() == 1
    working = [link for link in links if Browser().get(link, follow=True).status_code == 200]
    assert len(working) == 1


def test_50_parallel_guesses_spend_50_tries(alice, settings):
    settings.OSTIARY = {
        **settings.OSTIARY,
        "THROTTLES": {"signin": {"pair": "20/hour", "ip": "1000/hour", "user": "1000/hour"}},
    }

    answers = at_once(lambda: flow.sign_in(Browser(), alice.email, "a wrong password"))

    assert statuses(answers) == [400] * 20 + [429] * 30
    assert Event.objects.filter(kind="signin.failed").count() == 20


@pytest.mark.parametrize("storage", ["database", "redis"])
def test_50_parallel_guesses_spend_exactly_50(request, alice, settings, storage):
    uri = request.getfixturevalue("redis_url") if storage == "redis" else "database://"
    settings.OSTIARY = {
        **settings.OSTIARY,
        "THROTTLE_STORAGE": uri,
        "THROTTLES": {"signin": {"pair": "51/hour", "ip": "1000/hour", "user": "1000/hour"}},
    }
    email = f"{secrets.token_hex(8)}@example.com"  # the counters of Redis outlive a test

    answers = at_once(lambda: flow.sign_in(Browser(), email, "a wrong password"))

    assert statuses(answers) == [400] * 50
    assert flow.sign_in(Browser(), email, "a wrong password").status_code == 400
    assert flow.sign_in(Browser(), email, "a wrong password").status_code == 429


def test_parallel_correct_sign_ins_all_pass(alice):
    answers = at_once(lambda: flow.sign_in(Browser(), alice.email), ways=30)

    assert statuses(answers) == [302] * 30


def test_a_password_changed_from_two_places_at_once_is_one_of_the_two(alice):
    browsers = [Browser(), Browser()]
    for browser in browsers:
        flow.sign_in(browser, alice.email)
    left = iter(enumerate(browsers))

    def change():
        number, browser = next(left)
        return browser.post(
            "/account/security/",
            {"current_password": flow.PASSWORD, "password": f"the passphrase of number {number}"},
        )

    answers = at_once(change, ways=2)

    assert all(answer.status_code in (302, 400) for answer in answers)
    alice.refresh_from_db()
    held = [n for n in (0, 1) if alice.check_password(f"the passphrase of number {n}")]
    assert len(held) == 1
    live = [browser for browser in browsers if flow.is_signed_in(browser)]
    assert len(live) <= 1


def test_sign_ins_at_once_leave_exactly_as_many_sessions_as_a_person_may_have(alice, settings):
    settings.OSTIARY = {**settings.OSTIARY, "MAX_SESSIONS_PER_PERSON": 3}

    answers = at_once(lambda: flow.sign_in(Browser(), alice.email), ways=10)

    # One that was ended by a later one before it was done is told so.
    assert {answer.status_code for answer in answers} <= {302, 400}
    assert Session.objects.filter(ended_at__isnull=True).count() == 3
