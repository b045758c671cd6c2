"""People who have passkeys, and their browsers."""

import functools

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.test import Client as Browser
from django.utils import timezone

from ostiary.conf import ostiary_settings
from ostiary.throttling import storage_at
from tests.passkeys import flow
from tests.passkeys.authenticator import SYNCED, Authenticator


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    """What a hash costs is the claim of other rooms."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def no_tries_spent():
    """Counters in the database go with each test; those in Redis would outlive it."""
    if ostiary_settings.THROTTLE_STORAGE != "database://":
        storage_at(ostiary_settings.THROTTLE_STORAGE).reset()


@functools.cache
def password_hash(hasher: str) -> str:
    """The usual password's hash, made once."""
    return make_password(flow.PASSWORD)


def make_person(email: str, **fields):
    """A person of whatever user model this site has, with a password."""
    model = get_user_model()
    told = {"email": email, model.USERNAME_FIELD: email, "password": password_hash("md5")}
    if hasattr(model, "email_verified_at"):
        told["email_verified_at"] = timezone.now()
    return model._default_manager.create(**{**told, **fields})


@pytest.fixture
def person(db):
    """Alice, with a password only."""
    return make_person("alice@example.com")


@pytest.fixture
def other_person(db):
    """Bob, the same."""
    return make_person("bob@example.com")


@pytest.fixture
def browser():
    """A browser that nobody has used."""
    return Browser()


@pytest.fixture
def signed_in_browser(person):
    """A browser in which Alice has just signed in by her password."""
    browser = Browser()
    flow.sign_in_by_password(browser, person)
    return browser


def with_passkey(user, **facts):
    """A passkey that the person has added."""
    browser, passkey = Browser(), Authenticator(**facts)
    flow.sign_in_by_password(browser, user)
    assert flow.add(browser, passkey).status_code == 302
    return passkey


@pytest.fixture
def passkey(person):
    """Alice's, bound to her device."""
    return with_passkey(person)


@pytest.fixture
def synced_passkey(person):
    """Alice's, in a password manager."""
    return with_passkey(person, flags=SYNCED)
