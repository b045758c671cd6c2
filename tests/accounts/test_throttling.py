"""Guessing is slow, and does not shut the owner out (SECURITY C2, H4, H5)."""

import time

import pytest
from django.test import Client as Browser

from ostiary.throttling import Throttled, throttle
from tests.accounts import flow
from tests.accounts.test_enumeration import without_chance

pytestmark = pytest.mark.django_db


@pytest.fixture
def few_tries(settings):
    """Three wrong passwords of each kind are enough here."""
    settings.OSTIARY = {
        **settings.OSTIARY,
        "TRUSTED_PROXY_HOPS": 1,
        "THROTTLES": {
            "signin": {"device": "3/hour", "pair": "3/hour", "ip": "6/hour", "user": "4/hour"}
        },
    }


def guess(email, ip="198.51.100.7", browser=None, password="a wrong password"):
    """One try from an address of the network."""
    return (browser or Browser()).post(
        "/signin/",
        {"identifier": email, "password": password},
        headers={"x-forwarded-for": f"203.0.113.99, {ip}"},
    )


def test_guesses_are_refused_after_the_limit_with_when_to_come_back(few_tries, person):
    statuses = [guess(person.email).status_code for _ in range(4)]

    assert statuses == [400, 400, 400, 429]
    refused = guess(person.email)
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert "Too many attempts" in refused.content.decode()


def test_the_right_password_is_refused_too_once_the_limit_is_reached(few_tries, person):
    for _ in range(3):
        guess(person.email)

    assert guess(person.email, password=flow.PASSWORD).status_code == 429


def test_an_unknown_address_is_limited_just_as_a_known_one(few_tries, person):
    known = [guess(person.email) for _ in range(5)]
    unknown = [guess("nobody@example.com", ip="198.51.100.8") for _ in range(5)]

    assert [a.status_code for a in known] == [a.status_code for a in unknown]
    assert without_chance(known[-1].content.decode(), person.email) == without_chance(
        unknown[-1].content.decode(), "nobody@example.com"
    )


@pytest.mark.parametrize(
    "twin", ["ALICE@example.com", "ａｌｉｃｅ@example.com", " alice@EXAMPLE.com"]
)
def test_another_spelling_is_no_fresh_start(few_tries, person, twin):
    for _ in range(3):
        guess(person.email)

    assert guess(twin).status_code == 429


@pytest.mark.parametrize("entry", ["198.51.100.{}:5{}00", "[2001:db8:0:{}::7]:5{}00"])
def test_behind_a_proxy_that_writes_ports_each_client_has_its_own_budget(few_tries, person, entry):
    """Azure's Application Gateway writes them (goauthentik/authentik#25679)."""
    ports = iter(range(10))
    first = [guess(f"{n}@example.com", entry.format(7, next(ports))).status_code for n in range(7)]

    assert first == [400] * 6 + [429]
    assert guess(person.email, entry.format(8, 1)).status_code == 400


def test_a_forged_forwarded_address_is_no_fresh_start(few_tries, person):
    for _ in range(3):
        guess(person.email)
    browser = Browser()
    answer = browser.post(
        "/signin/",
        {"identifier": person.email, "password": "a wrong password"},
        headers={"x-forwarded-for": "192.0.2.1, 198.51.100.7"},
    )

    assert answer.status_code == 429


def test_addresses_of_one_ipv6_network_count_together(few_tries, person):
    for end in (1, 2, 3):
        guess(person.email, ip=f"2001:db8:0:1::{end}")

    assert guess(person.email, ip="2001:db8:0:1:ffff::4").status_code == 429


def test_right_passwords_spend_nothing(few_tries, person):
    for _ in range(6):
        assert guess(person.email, password=flow.PASSWORD).status_code == 302


def test_one_success_does_not_give_the_wrong_ones_back(few_tries, person):
    for _ in range(2):
        guess(person.email)
    guess(person.email, password=flow.PASSWORD)

    assert guess(person.email).status_code == 400
    assert guess(person.email).status_code == 429


def test_strangers_never_shut_the_owner_out_of_a_device_of_theirs(few_tries, person):
    own = Browser()
    assert guess(person.email, "192.0.2.1", own, flow.PASSWORD).status_code == 302
    own.post("/signout/")
    for number in range(8):
        guess(person.email, ip=f"198.51.100.{number}")
    assert guess(person.email, "192.0.2.9", Browser(), flow.PASSWORD).status_code == 429

    assert guess(person.email, "192.0.2.1", own, flow.PASSWORD).status_code == 302


def test_strangers_never_shut_the_owner_out_for_good(few_tries, person):
    """Without a device of their own, the owner has the mailed link."""
    for number in range(8):
        guess(person.email, ip=f"198.51.100.{number}")
    browser = Browser()

    flow.recover(browser, flow.recovery_link(person.email))

    assert guess(person.email, "192.0.2.1", browser, flow.NEW_PASSWORD).status_code == 302


def test_the_present_password_is_guessed_under_the_same_limit(few_tries, signed_in_browser):
    def change():
        return signed_in_browser.post(
            "/account/security/",
            {"current_password": "a wrong password", "password": flow.NEW_PASSWORD},
            headers={"x-forwarded-for": "198.51.100.7"},
        )

    assert [change().status_code for _ in range(4)] == [400, 400, 400, 429]


def test_the_password_of_a_sign_up_is_guessed_under_the_same_limit(few_tries, browser):
    flow.ask_for_account(browser, "carol@example.com")
    phone = Browser()
    phone.get(flow.link_in(flow.delivered()[0]))

    def confirm():
        return phone.post(
            "/signup/verify/",
            {"password": "a wrong password"},
            headers={"x-forwarded-for": "198.51.100.7"},
        )

    assert [confirm().status_code for _ in range(4)] == [400, 400, 400, 429]


def test_the_wait_grows_with_persistence_and_a_day_of_guessing_is_a_hundred_tries(
    settings, person, monkeypatch
):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLE_STORAGE": "database://"}
    settings.OSTIARY_ACCOUNTS = {}
    moment = time.time()
    monkeypatch.setattr(time, "time", lambda: moment)
    tries = {"ip": "198.51.100.7", "user": person.email}
    passed, waits, began = 0, [], moment
    while moment < began + 23 * 3600:
        try:
            throttle("signin", **tries)
            passed += 1
        except Throttled as refused:
            waits.append(refused.retry_after)
            moment += refused.retry_after + 1

    assert passed == 100
    assert waits[0] <= 600 < waits[1] <= 3600 < waits[2] <= 24 * 3600


def test_strangers_who_ask_for_recovery_keep_nobody_from_it_on_a_device_of_theirs(
    settings, signed_in_browser, person
):
    signed_in_browser.post("/signout/")
    answers = [Browser().post("/recover/", {"email": person.email}) for _ in range(7)]
    assert answers[-1].status_code == 429

    assert signed_in_browser.post("/recover/", {"email": person.email}).status_code == 302


def test_what_strangers_asked_for_lets_the_owner_in_all_the_same(person):
    for _ in range(7):
        Browser().post("/recover/", {"email": person.email})
    browser = Browser()

    flow.recover(browser, flow.link_in(flow.delivered()[-1]))

    assert flow.sign_in(browser, person.email, flow.NEW_PASSWORD).status_code == 302
