"""Browsers in which a person has proved before who they are."""

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import Client as Browser
from django.test import RequestFactory

from ostiary import known_device
from tests.ostiary.conftest import make_person, sign_in, who

pytestmark = pytest.mark.django_db


def name_in(browser, identifier: str) -> str:
    """The name of this browser for someone."""
    request = RequestFactory().get("/")
    request.COOKIES = {name: morsel.value for name, morsel in browser.cookies.items()}
    return known_device.name_for(request, identifier)


def test_a_completed_sign_in_makes_the_browser_known(browser, person):
    assert name_in(browser, person.email) == ""
    sign_in(browser, person)
    assert name_in(browser, person.email)


def test_a_first_factor_alone_does_not(browser, person, ostiary):
    ostiary(SIGNIN_STEPS=["tests.ostiary.steps.Code"])
    sign_in(browser, person)
    assert name_in(browser, person.email) == ""
    browser.post("/code/")
    assert name_in(browser, person.email)


def test_it_stays_known_by_the_same_name_after_signing_out(browser, person):
    sign_in(browser, person)
    before = name_in(browser, person.email)
    browser.post("/signout/")
    sign_in(browser, person)
    assert name_in(browser, person.email) == before


def test_it_is_known_for_the_person_and_nobody_else(browser, person, other_person):
    sign_in(browser, person)
    assert name_in(browser, other_person.email) == ""
    sign_in(browser, other_person)
    assert name_in(browser, person.email)
    assert name_in(browser, person.email) != name_in(browser, other_person.email)


def test_two_browsers_of_a_person_have_two_names(person):
    one, two = Browser(), Browser()
    sign_in(one, person)
    sign_in(two, person)
    assert name_in(one, person.email) != name_in(two, person.email)


def test_any_spelling_of_the_address_finds_it(browser, person):
    sign_in(browser, person)
    assert name_in(browser, " ALICE@example.com") == name_in(browser, person.email)


def test_a_browser_remembers_the_last_five_people(browser):
    people = [make_person(f"person{n}@example.com") for n in range(6)]
    for person in people:
        sign_in(browser, person)
    assert [bool(name_in(browser, person.email)) for person in people] == [False] + [True] * 5


@pytest.mark.needs("accounts")
def test_the_cookie_lets_nobody_in_and_names_nobody(browser, person):
    sign_in(browser, person)
    cookie = browser.cookies["ostiary_device"]
    thief = Browser()
    thief.cookies["ostiary_device"] = cookie.value

    assert who(thief)["user"] is None
    told = signing.loads(cookie.value, salt=known_device.SALT)
    assert person.email not in str(told)
    assert str(person.pk) not in str(told)


@pytest.mark.parametrize("forged", ["", "x", "e30:1abc:def", "\x00", "é", "a:b:c"])
def test_a_forged_cookie_is_no_cookie(browser, person, forged):
    browser.cookies["ostiary_device"] = forged
    assert name_in(browser, person.email) == ""


def test_a_cookie_signed_for_something_else_is_no_cookie(browser, person):
    browser.cookies["ostiary_device"] = signing.dumps({}, salt="something else")
    assert name_in(browser, person.email) == ""


def test_the_cookie_is_for_this_host_and_for_no_script(person, settings):
    settings.SESSION_COOKIE_SECURE = True
    response = HttpResponse()
    known_device.remember(RequestFactory().get("/", secure=True), response, person)
    cookie = response.cookies["__Host-ostiary-device"]
    assert (cookie["path"], cookie["domain"], cookie["samesite"]) == ("/", "", "Lax")
    assert cookie["secure"]
    assert cookie["httponly"]
