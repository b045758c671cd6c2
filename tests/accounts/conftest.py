"""People and their browsers."""

import functools

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.test import Client as Browser
from django.utils import timezone

from tests.accounts import flow

password_hash = functools.cache(make_password)


def make_person(email: str, **fields):
    """A person who has confirmed their address."""
    usual = {"password": password_hash(flow.PASSWORD), "email_verified_at": timezone.now()}
    return get_user_model().objects.create(email=email, **{**usual, **fields})


@pytest.fixture
def person(db):
    """Alice, verified."""
    return make_person("alice@example.com", name="Alice Liddell")


@pytest.fixture
def other_person(db):
    """Bob, verified."""
    return make_person("bob@example.com")


@pytest.fixture
def browser():
    """A browser that nobody has used."""
    return Browser()


@pytest.fixture
def signed_in_browser(person):
    """A browser in which Alice has signed in by her password."""
    browser = Browser(headers={"user-agent": "Mozilla/5.0 (X11; Linux) Firefox/130.0"})
    flow.sign_in(browser, person.email)
    return browser
