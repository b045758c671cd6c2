"""People and their browsers, on the site of ``urls.py``."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.test import Client as Browser
from django.test import RequestFactory

from ostiary import privacy

PASSWORD = "correct horse battery staple"
password_hash = functools.cache(make_password)


@pytest.fixture(autouse=True)
def small_site(settings: Any) -> None:
    """These tests need none of the house's other rooms."""
    settings.ROOT_URLCONF = "tests.ostiary.urls"
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "ostiary.sessions.SessionRegisterMiddleware",
    ]
    # How a password is hashed is the business of accounts, and takes its time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ostiary(settings: Any) -> Any:
    """Change single keys of ``settings.OSTIARY``."""

    def change(**changes: Any) -> None:
        settings.OSTIARY = {**django_settings.OSTIARY, **changes}

    return change


def make_person(email: str) -> Any:
    """A person with the password of these tests."""
    User = get_user_model()
    names = {User.USERNAME_FIELD: email, "email": email}
    return User.objects.create(**names, password=password_hash(PASSWORD))


@pytest.fixture
def person(db: None) -> Any:
    """Alice."""
    return make_person("alice@example.com")


@pytest.fixture
def other_person(db: None) -> Any:
    """Bob."""
    return make_person("bob@example.com")


@pytest.fixture
def browser() -> Browser:
    """A browser that nobody has used."""
    return Browser()


def sign_in(browser: Browser, person: Any, **fields: Any) -> Any:
    """Show the first factor."""
    return browser.post("/signin/", {"username": person.email, "password": PASSWORD, **fields})


def who(browser: Browser) -> Any:
    """What the site knows about the visitor."""
    return browser.get("/who/").json()


@pytest.fixture
def signed_in_browser(person: Any) -> Browser:
    """A browser in which Alice has signed in."""
    browser = Browser(headers={"user-agent": "Mozilla/5.0 Firefox/130.0"})
    sign_in(browser, person)
    return browser


@pytest.fixture
def request_from() -> Any:
    """Make a request from an address, without a site."""

    def make(ip: str = "198.51.100.7", **headers: str) -> Any:
        return RequestFactory().get("/", REMOTE_ADDR=ip, headers=headers or None)

    return make


@pytest.fixture(autouse=True)
def no_remembered_keys() -> Any:
    """What a process remembers of people's keys ends with the test."""
    yield
    privacy._people.clear()
