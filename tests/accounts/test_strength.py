"""Advice on passwords, on which nothing is refused, and which costs a bounded time (H16)."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
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
        ("password", 0, "Common words"),
        ("aaaaaaaaaaaaaaaaaa", 0, "Repeating"),
        ("abcdefghijklmnop", 0, "Sequences"),
        ("", 0, "Add a few words"),
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


@pytest.mark.parametrize(
    "password",
    [
        "4@8({[<369&#!1/|0$5+7%2" * 40,
        "a4b@c8d(e{f[g<h3i6j9k&l#m!n1o/p|q0r$s5t+u7v%w2" * 3,
        "a" * 4000,
        "1" * 4000,
        "ab" * 2000,
        "qwertyuiop" * 400,
    ],
)
def test_whatever_is_typed_the_time_is_bounded(password):
    began = time.thread_time()

    strength.judge(password)

    assert time.thread_time() - began < 3  # without the bounds some take minutes


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
    assert "Common words" in told["advice"]


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
