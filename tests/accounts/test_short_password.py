"""Who has lost their second factor, and a password of eight characters, gets a longer one (C3)."""

import pytest

from ostiary import factors
from tests.accounts import flow

SHORT = "fvbnuyht"
PAGE = "/signin/longer-password/"


@pytest.fixture
def alice(person, keeper, settings):
    """Alice, whose second factor is in the keeper, and who chose a short password beside it."""
    keeper.kept[person.pk] = ["Authenticator app"]
    step = "accounts.short_password.ChangeShortPassword"
    settings.OSTIARY = {
        **settings.OSTIARY,
        "SIGNIN_STEPS": [*settings.OSTIARY["SIGNIN_STEPS"], step],
    }
    person.set_password(SHORT)
    person.save()
    return person


def test_a_short_password_that_stands_alone_is_changed_in_the_sign_in(browser, alice):
    factors.reset(alice)

    answer = flow.sign_in(browser, alice.email, SHORT, next="/account/sessions/")
    assert answer.url == f"{PAGE}?next=%2Faccount%2Fsessions%2F"
    assert not flow.is_signed_in(browser)
    assert browser.post(PAGE, {"password": "fourteen-chars"}).status_code == 400
    answer = browser.post(PAGE, {"password": flow.NEW_PASSWORD})

    assert answer.url == "/account/sessions/"
    assert flow.is_signed_in(browser)
    alice.refresh_from_db()
    assert alice.check_password(flow.NEW_PASSWORD)


def test_beside_a_second_factor_it_does(browser, alice):
    assert flow.sign_in(browser, alice.email, SHORT).url == "/second-factor/"
    assert browser.get(PAGE).url == "/signin/"


def test_a_long_one_is_left_alone(browser, alice):
    alice.set_password(flow.PASSWORD)
    alice.save()
    factors.reset(alice)

    flow.sign_in(browser, alice.email)

    assert flow.is_signed_in(browser)


def test_without_a_sign_in_there_is_no_such_page(browser, db):
    assert browser.get(PAGE).url == "/signin/"
    assert browser.post(PAGE, {"password": flow.NEW_PASSWORD}).url == "/signin/"
