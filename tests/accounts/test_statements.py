"""What the pages cost in SQL statements, with sessions and throttles in the database too.

With Redis for both, a wrong password costs 3, a sign-in 11 on a known device and 14 on a new one,
and a page of the account 2.
"""

import pytest
from django.apps import apps
from django.test import Client as Browser

from tests.accounts import flow

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def all_in_the_database(settings):
    settings.SESSION_ENGINE = "ostiary.session_engines.db"
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLE_STORAGE": "database://"}


@pytest.fixture(autouse=True)
def keys_of_the_log(person, all_in_the_database):
    """Made at the first event of a person, and at the first that is nobody's."""
    flow.sign_in(Browser(), person.email)
    flow.sign_in(Browser(), person.email, "a wrong password")


@pytest.mark.parametrize("path", ["/signin/", "/signup/", "/recover/"])
def test_an_open_page_costs_none(path):
    Browser().get(path)  # who may sign up is read every few seconds
    with flow.statements() as done:
        Browser().get(path)

    assert done == []


def test_a_wrong_password(person):
    with flow.statements() as done:
        answer = flow.sign_in(Browser(), person.email, "a wrong password")

    assert len(done) <= 10  # one asks which kinds of imported hashes there are
    assert answer.status_code == 400


def of_second_factors():
    """One for each kind of second factor, and one whether a group has to have one."""
    return 4 * apps.is_installed("mfa") + apps.is_installed("passkeys")


def test_a_sign_in_from_a_new_device(person):
    with flow.statements() as done:
        answer = flow.sign_in(Browser(), person.email)

    assert len(done) == 15 + of_second_factors(), done
    assert answer.status_code == 302


def test_a_sign_in_from_a_known_device(person):
    browser = Browser()
    flow.sign_in(browser, person.email)
    browser.post("/signout/")

    with flow.statements() as done:
        answer = flow.sign_in(browser, person.email)

    assert len(done) == 8 + of_second_factors(), done
    assert answer.status_code == 302


def test_a_page_of_the_account(signed_in_browser):
    with flow.statements() as done:
        signed_in_browser.get("/account/profile/")

    # The session's data, the session with its person, and whether anything is under way.
    assert len(done) <= 3, done


def test_asking_for_an_account():
    Browser().get("/signup/")
    with flow.statements() as done:
        flow.ask_for_account(Browser(), "carol@example.com")

    assert len(done) <= 11


def test_asking_for_a_recovery_link():
    with flow.statements() as done:
        Browser().post("/recover/", {"email": "carol@example.com"})

    assert len(done) <= 8


def test_a_sign_out(signed_in_browser):
    with flow.statements() as done:
        signed_in_browser.post("/signout/")

    assert len(done) <= 11
