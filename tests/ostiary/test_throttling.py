"""Throttling: exactly the limit passes, and nobody can spend another's."""

import itertools
import secrets
import time

import pytest

from ostiary import throttling
from ostiary.client_address import client_ip
from ostiary.conf import ostiary_settings
from ostiary.models import ThrottleCounter
from ostiary.throttling import DEFAULT_LIMITS, Throttled, refund, throttle
from tests.parallel import at_once


@pytest.fixture
def name():
    """An account that no other test has guessed at."""
    return f"{secrets.token_hex(8)}@example.com"


def new_address() -> str:
    """An address from which no other test has come."""
    return f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"


@pytest.fixture
def home():
    """Where the person usually is."""
    return new_address()


@pytest.fixture(params=["memory", "redis", "database"])
def storage(request, ostiary, transactional_db):
    """Each place in which tries are counted."""
    uri = f"{request.param}://"
    if request.param == "redis":
        uri = request.getfixturevalue("redis_url")
    ostiary(THROTTLE_STORAGE=uri)
    return request.param


@pytest.fixture
def limits(ostiary):
    """Replace the limits of signing in; counted in memory."""

    def replace(**given: str) -> None:
        everything = dict.fromkeys(DEFAULT_LIMITS["signin"], "1000/minute")
        ostiary(THROTTLE_STORAGE="memory://", THROTTLES={"signin": {**everything, **given}})

    return replace


def passes(**keys: str) -> bool:
    try:
        throttle("signin", **keys)
    except Throttled:
        return False
    return True


def spend(tries: int, **keys: str) -> int:
    """Try so often; returns how many passed."""
    return sum(passes(**keys) for _ in range(tries))


# --- exactly the limit --------------------------------------------------------------------------


def test_200_parallel_tries_pass_exactly_the_limit(storage, name, home):
    tries = at_once(lambda: spend(4, ip=home, user=name))
    assert sum(tries) == 50


def test_50_parallel_guesses_spend_50_tries(storage, name, home):
    at_once(lambda: spend(1, ip=home, user=name))
    assert not passes(ip=home, user=name)


def test_50_parallel_sign_ins_with_the_right_password_all_pass(storage, name, home):
    def sign_in():
        throttle("signin", ip=home, user=name)
        refund("signin", ip=home, user=name)
        return True

    assert all(at_once(sign_in))
    assert spend(100, ip=home, user=name) == 50


def test_whoever_tries_too_often_is_told_when_to_come_back(storage, name, home):
    spend(50, ip=home, user=name)
    with pytest.raises(Throttled) as refused:
        throttle("signin", ip=home, user=name)
    assert 590 <= refused.value.retry_after <= 600


def test_a_try_that_was_right_is_given_back_and_no_more(storage, name, home):
    spend(49, ip=home, user=name)
    throttle("signin", ip=home, user=name)
    refund("signin", ip=home, user=name)
    assert spend(5, ip=home, user=name) == 1


def test_giving_back_what_was_never_spent_gives_no_more_tries(storage, name, home):
    for _ in range(3):
        refund("signin", ip=home, user=name)
    assert spend(60, ip=home, user=name) == 50


TWINS = [
    "alice{}@example.com",
    "ALICE{}@EXAMPLE.com",
    "ａｌｉｃｅ{}@example.com",
    "alİce{}@example.com",
    " al\u200bice{}@example.com",
]


@pytest.mark.parametrize("way", ["twins", "ipv6", "forged header"])
def test_h4_200_parallel_tries_pass_exactly_the_limit_whichever_way_around(
    storage, name, home, request_from, way
):
    """50 threads of 4 tries each, of which each looks like somebody else."""
    numbers = itertools.count()
    network, account = home.removesuffix("::1"), name.partition("@")[0]

    def keys() -> dict[str, str]:
        n = next(numbers)
        if way == "twins":
            return {"ip": home, "user": TWINS[n % len(TWINS)].format(account)}
        if way == "ipv6":
            return {"ip": f"{network}::{n + 2:x}", "user": name}
        forged = {"x-forwarded-for": f"192.0.2.{n}, 198.51.100.{n}"}
        return {"ip": client_ip(request_from(home, **forged)), "user": name}

    assert sum(at_once(lambda: sum(passes(**keys()) for _ in range(4)))) == 50


def test_h4_a_right_try_among_200_parallel_ones_clears_nothing(storage, name, home):
    def guess() -> int:
        passed = spend(2, ip=home, user=name)
        if passes(ip=home, user=name):  # this one was right
            refund("signin", ip=home, user=name)
        return passed + spend(1, ip=home, user=name)

    assert sum(at_once(guess)) <= 50
    assert not passes(ip=home, user=name)


# --- ways around --------------------------------------------------------------------------------


def test_one_success_does_not_clear_the_failures_before_it(limits, name, home):
    limits(pair="5/minute")
    spend(4, ip=home, user=name)
    throttle("signin", ip=home, user=name)
    refund("signin", ip=home, user=name)
    assert spend(5, ip=home, user=name) == 1


@pytest.mark.parametrize(
    "twin",
    [
        "ALICE@example.com",
        " alice@example.com ",
        "ａｌｉｃｅ@example.com",
        "alİce@example.com",
        "alic\u00e9@example.com",
        "alice\u0301@example.com",
        "al\u200bice@example.com",
    ],
)
def test_a_unicode_twin_has_no_budget_of_its_own(limits, twin, home):
    limits(user="3/minute")
    spend(3, ip=home, user="alice@example.com")
    assert not passes(ip=new_address(), user=twin)


def test_the_addresses_of_one_ipv6_subscriber_are_counted_together(limits, name):
    limits(ip="3/minute")
    assert sum(passes(ip=f"2001:db8:0:1::{n:x}", user=f"{n}{name}") for n in range(200)) == 3
    assert passes(ip="2001:db8:0:2::1", user=name)


def test_a_forged_header_is_not_another_address(limits, name, request_from, home):
    limits(ip="3/minute")
    tries = [
        client_ip(request_from(home, **{"x-forwarded-for": f"192.0.2.{n}"})) for n in range(200)
    ]
    assert sum(passes(ip=ip, user=f"{n}{name}") for n, ip in enumerate(tries)) == 3


def test_every_window_of_a_limit_holds(limits, name, home):
    limits(pair="2/second; 3/minute")
    assert spend(5, ip=home, user=name) == 2
    time.sleep(1.1)
    assert spend(5, ip=home, user=name) == 1


def test_a_window_ends(storage, name, ostiary, settings, home):
    ostiary(**{**settings.OSTIARY, "THROTTLES": {"signin": {"pair": "2/second"}}})
    assert spend(5, ip=home, user=name) == 2
    time.sleep(1.1)
    assert passes(ip=home, user=name)


# --- lock-out as a weapon (H5) ------------------------------------------------------------------


def test_strangers_cannot_lock_a_person_out_of_a_device_of_theirs(limits, name, home):
    limits(user="3/minute", ip="3/minute", pair="3/minute")
    for n in range(50):
        passes(ip=f"192.0.2.{n}", user=name)
    spend(50, ip=home, user=name)

    assert not passes(ip=home, user=name)
    assert passes(ip=home, user=name, device="a device of theirs")


def test_a_known_device_has_limits_too(limits, name, home):
    limits(device="3/minute")
    assert spend(50, ip=home, user=name, device="a device of theirs") == 3
    assert passes(ip=home, user=name, device="another of theirs")
    assert passes(ip=home, user=name)


def test_200_parallel_tries_from_a_known_device_pass_exactly_the_limit(storage, name, home):
    device = secrets.token_urlsafe(16)
    tries = at_once(lambda: spend(4, ip=home, user=name, device=device))
    assert sum(tries) == 50


def test_a_refused_try_spends_nothing_of_wider_limits(limits, name, home):
    limits(pair="3/minute", user="5/minute")
    spend(100, ip=new_address(), user=name)

    assert spend(100, ip=home, user=name) == 2


@pytest.mark.parametrize("storage", ["redis", "database"], indirect=True)
def test_a_try_that_a_narrow_window_refuses_spends_nothing_of_a_wide_one(storage, ostiary, name):
    counted_in = ostiary_settings.THROTTLE_STORAGE
    for windows, passing in (("1/minute; 3/hour", 1), ("3/hour", 2)):
        ostiary(THROTTLE_STORAGE=counted_in, THROTTLES={"signin": {"user": windows}})
        assert spend(5, user=name) == passing


def test_one_address_cannot_use_up_all_tries_for_an_account():
    signin = DEFAULT_LIMITS["signin"]
    pair, user = throttling.windows(signin["pair"]), throttling.windows(signin["user"])
    assert all(p.amount < u.amount for p, u in zip(pair, user, strict=True))
    assert list(signin)[-1] == "user"


# --- a storage that is down (G4) ----------------------------------------------------------------

DEAD = "redis://127.0.0.1:1/0"


def test_without_redis_people_sign_in_and_nobody_guesses_without_limit(ostiary, name, db, home):
    ostiary(THROTTLE_STORAGE=DEAD)
    assert spend(200, ip=home, user=name) == 50
    assert ThrottleCounter.objects.count() == 9  # three windows each of pair, address and user


def test_a_dead_redis_is_asked_once_in_a_while_only(ostiary, name, db, monkeypatch, home):
    ostiary(THROTTLE_STORAGE=DEAD)
    asked = []
    original = throttling.storage_at
    monkeypatch.setattr(throttling, "storage_at", lambda uri: (asked.append(uri), original(uri))[1])
    spend(20, ip=home, user=name)
    assert asked.count(DEAD) == 1


def test_when_redis_is_back_it_counts_again(ostiary, name, db, redis_url, monkeypatch, home):
    ostiary(THROTTLE_STORAGE=DEAD)
    passes(ip=home, user=name)
    monkeypatch.setattr(throttling, "_storage_paused_until", 0.0)
    ostiary(THROTTLE_STORAGE=redis_url)
    assert spend(60, ip=home, user=name) == 50


# --- what is kept -------------------------------------------------------------------------------


def test_a_counter_names_nobody(db, ostiary, name, home):
    ostiary(THROTTLE_STORAGE="database://")
    passes(ip=home, user=name)
    kept = " ".join(ThrottleCounter.objects.values_list("key", flat=True))
    assert name not in kept
    assert home not in kept


def test_a_limit_that_nobody_declared_is_an_error(home):
    with pytest.raises(KeyError):
        throttle("singin", ip=home)


def test_a_project_replaces_single_limits(ostiary, name, home):
    ostiary(THROTTLE_STORAGE="memory://", THROTTLES={"signin": {"pair": "1/minute"}})
    assert spend(5, ip=home, user=name) == 1
    assert throttling.limits_of("signin")["ip"] == DEFAULT_LIMITS["signin"]["ip"]


def test_a_try_costs_one_statement_for_each_key_with_all_its_windows(
    db, ostiary, name, django_assert_num_queries, home
):
    ostiary(THROTTLE_STORAGE="database://")
    with django_assert_num_queries(3):
        throttle("signin", ip=home, user=name)
    with django_assert_num_queries(1):
        throttle("signin", ip=home, user=name, device="one of theirs")


# --- counts of anything -------------------------------------------------------------------------


def test_what_is_counted_can_be_looked_at_and_holds_nothing_in_plain(storage):
    what = [secrets.token_hex(8) for _ in range(3)]

    assert throttling.count(60, *what) == [1, 1, 1]
    assert throttling.count(60, what[1], what[0]) == [2, 2]

    assert throttling.counted(*what, "never") == [2, 2, 1, 0]
    assert not ThrottleCounter.objects.filter(key__contains=what[0]).exists()


def test_of_50_parallel_counts_each_has_a_number_of_its_own(storage):
    what = [secrets.token_hex(8) for _ in range(2)]

    numbers = at_once(lambda: throttling.count(60, *what))

    assert sorted(first for first, _ in numbers) == list(range(1, 51))
    assert sorted(second for _, second in numbers) == list(range(1, 51))


@pytest.mark.django_db
def test_a_count_begins_anew_when_its_window_has_passed(ostiary, monkeypatch):
    ostiary(THROTTLE_STORAGE="database://")
    what = secrets.token_hex(8)
    throttling.count(60, what)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61)

    assert throttling.counted(what) == [0]
    assert throttling.count(60, what) == [1]
