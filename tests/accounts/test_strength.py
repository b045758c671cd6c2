"""How hard a password is to guess: told, refused where it is easy (C3), and in bounded time."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st
from zxcvbn.matching import RANKED_DICTIONARIES

from accounts import strength
from tests.accounts import flow

JSON = {"accept": "application/json"}


@pytest.mark.parametrize(
    ("password", "score", "reason"),
    [
        ("password", 0, "common words"),
        ("aaaaaaaaaaaaaaaaaa", 0, "repeated characters"),
        ("abcdefghijklmnop", 0, "sequences"),
        ("", 0, "Add a few unrelated words"),
        ("correct horse battery staple", 4, ""),
        ("🦆" * 15, None, ""),
    ],
)
def test_a_judgement_says_why_and_what_helps(password, score, reason):
    judged = strength.judge(password)

    assert score is None or judged.score == score
    assert reason in judged.advice
    assert bool(judged.advice) == (judged.score < 3)


def test_what_others_know_of_the_person_counts_against_it():
    assert (
        strength.judge("carolliddell1862").score
        > strength.judge("carolliddell1862", ["carolliddell1862@example.com"]).score
    )


def test_nothing_of_one_person_is_left_for_the_next():
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: strength.judge("x" * 9, [f"secret{n}"]), range(40)))

    assert "user_inputs" not in RANKED_DICTIONARIES


WEAK = [
    ("aaaaaaaaaaaaaaaaaaaa", "repeated characters"),
    ("passwordpassword", "repeated characters"),
    ("iloveyou iloveyou iloveyou", "repeated characters"),
    ("x7Kp2!qx7Kp2!q", "repeated characters"),  # one of them is too short
    ("abcabcabcabcabcabc", "repeated characters"),
    ("1234567890123456", "common words"),
    ("qwertyuiopasdfgh", "common words"),
    ("P@ssw0rd1234567", "common words"),
    ("abcdefghijklmnopq", "sequences"),
    ("Ostiary-Ostiary!", "the name of this site"),
    ("0st1ary-0st1ary!", "the name of this site"),
    ("alice.archer.1990", "your name, your email address"),
    ("ArcherAliceArcher!", "your name, your email address"),
    ("wonderland.example", "your name, your email address"),
]
"""What is refused to Alice Archer, ``alice.archer@wonderland.example``, and why."""
STRONG = [
    "correct horse battery staple",
    "correct horse correct horse",
    "my dog is called rex",
    "alice likes seven violet herons",
    "密码学家喜欢在下雨天散步",
    "a" * 80 + "kdjf-hweiu-yr3298r7h",
    "Tr0ub4dor&3-in-a-teacup",
]


@pytest.fixture
def alice_archer(db):
    person = get_user_model()(email="alice.archer@wonderland.example")
    person.name = "Alice Archer"
    return person


@pytest.mark.parametrize(("password", "reason"), WEAK)
def test_c3_what_is_easy_to_guess_is_refused_with_advice(alice_archer, password, reason):
    with pytest.raises(ValidationError) as refused:
        strength.WeakPasswordValidator().validate(password, alice_archer)

    assert refused.value.code == "password_easy_to_guess"
    assert reason in refused.value.messages[0]
    assert "Add a few unrelated words" in refused.value.messages[0]


@pytest.mark.parametrize("password", STRONG)
def test_c3_what_is_hard_to_guess_is_taken(alice_archer, password):
    strength.WeakPasswordValidator().validate(password, alice_archer)
    strength.WeakPasswordValidator().validate(password)


def test_a_short_name_makes_no_word_weak(alice_archer):
    alice_archer.name = "Al Ho"

    strength.WeakPasswordValidator().validate("although herons also howl", alice_archer)


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["aaaaaaaaaaaaaaaaaaaa", "passwordpassword"])
def test_c3_no_form_takes_it_without_any_service(
    settings, browser, signed_in_browser, person, password
):
    settings.OSTIARY_ACCOUNTS = {
        **settings.OSTIARY_ACCOUNTS,
        "BREACHED_PASSWORDS_URL": "",
        "BREACHED_PASSWORDS_FILE": "",
    }
    recovering = Browser()
    recovering.get(flow.recovery_link(person.email))
    for window, path, fields in (
        (browser, "/signup/", {"email": "carol@example.com"}),
        (signed_in_browser, "/account/security/", {"current_password": flow.PASSWORD}),
        (recovering, "/recover/set/", {}),
    ):
        answer = window.post(path, {**fields, "password": password})
        assert answer.status_code == 400
        assert "This password is easy to guess." in answer.content.decode()
    before = person.password
    person.refresh_from_db()
    assert person.password == before


def test_c3_the_site_asks_for_it_after_the_length():
    names = [each["NAME"].rpartition(".")[2] for each in settings.AUTH_PASSWORD_VALIDATORS]

    assert "WeakPasswordValidator" in names
    assert names[0] == "PasswordLengthValidator"


@pytest.mark.parametrize(
    "password",
    [
        "4@8({[<369&#!1/|0$5+7%2" * 40,
        "a4b@c8d(e{f[g<h3i6j9k&l#m!n1o/p|q0r$s5t+u7v%w2" * 3,
        "a" * 4000,
        "1" * 4000,
        "ab" * 2000,
        "qwertyuiop" * 400,
        "1!|i7t+l" * 500,
        "4@8({[<3" * 500,
        "".join(chr(0x4E00 + n) for n in range(4000)),
    ],
)
def test_whatever_is_typed_the_time_is_bounded(password):
    began = time.thread_time()

    strength.judge(password, ["word" * 1000] * 1000)

    assert time.thread_time() - began < 3  # without the bounds some take minutes


def test_many_digits_and_symbols_hide_no_common_word():
    assert strength.judge("P@ssw0rd1234567").score < strength.WEAK


@given(st.text(max_size=40), st.text(max_size=40))
def test_anything_can_be_judged(password, word):
    assert 0 <= strength.judge(password, [word]).score <= 4


@pytest.mark.django_db
def test_the_page_says_it_and_never_shows_the_password(browser):
    answer = browser.post("/password/strength/", {"password": "iloveyou"})

    assert "easy to guess" in answer.content.decode()
    assert "iloveyou" not in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_the_script_is_told_the_same(browser):
    told = browser.post("/password/strength/", {"password": "iloveyou"}, headers=JSON).json()

    assert told["score"] == 0
    assert told["label"] == "Very easy to guess"
    assert "common words" in told["advice"]


@pytest.mark.django_db
def test_it_is_no_way_around_anything():
    assert Browser().get("/password/strength/").status_code == 405
    strict = Browser(enforce_csrf_checks=True)
    assert strict.post("/password/strength/", {"password": "x"}).status_code == 403
    assert Browser().post("/password/strength/").status_code == 200


@pytest.mark.django_db
def test_it_is_asked_so_often_and_no_more(settings, browser):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"strength": {"ip": "3/minute"}}}

    statuses = [
        browser.post("/password/strength/", {"password": "x"}).status_code for _ in range(4)
    ]

    assert statuses == [200, 200, 200, 429]


@pytest.mark.django_db
def test_every_form_with_a_new_password_offers_it(browser, signed_in_browser, person):
    recovering = Browser()
    recovering.get(flow.recovery_link(person.email))
    for window, path in (
        (browser, "/signup/"),
        (signed_in_browser, "/account/security/"),
        (recovering, "/recover/set/"),
    ):
        page = window.get(path).content.decode()
        assert 'formaction="/password/strength/"' in page
        # Enter sends the form: its own button stands first.
        assert page.index("button-primary") < page.index("formaction=")
        # With scripts it is told under the field.
        assert page.index('name="password"') < page.index("data-strength-told")
        assert page.index("data-strength-told") < page.index("button-primary")
