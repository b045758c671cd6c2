"""People who have second factors, and their browsers."""

import functools

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.test import Client as Browser
from django.utils import timezone

from mfa.models import AuthenticatorApp
from ostiary.conf import ostiary_settings
from ostiary.throttling import storage_at
from tests.mfa import flow
from tests.mfa import texting as texting_of
from tests.oauth.clock import Clock


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


def make_person(email: str):
    """A person of whatever user model this site has, with a password."""
    model = get_user_model()
    told = {"email": email, model.USERNAME_FIELD: email}
    if hasattr(model, "email_verified_at"):
        told["email_verified_at"] = timezone.now()
    return model._default_manager.create(password=password_hash("md5"), **told)


@pytest.fixture
def person(db):
    """Alice, with a password only."""
    return make_person("alice@example.com")


@pytest.fixture
def other_person(db):
    """Bob, the same."""
    return make_person("bob@example.com")


@pytest.fixture
def app(person):
    """Alice's authenticator app."""
    return AuthenticatorApp.objects.create(
        user=person, name="Phone", key=AuthenticatorApp.new_key(), confirmed=True
    )


@pytest.fixture
def browser():
    """A browser that nobody has used."""
    return Browser()


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until the test moves it."""
    return Clock(monkeypatch)


@pytest.fixture
def counted_here(settings):
    """Tries are counted by the clock of the test: Redis has one of its own."""
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLE_STORAGE": "database://"}


@pytest.fixture
def texting(settings):
    """A site that sends text messages to Germany and the United States; nobody has got any."""
    settings.OSTIARY_MFA = texting_of.SETTINGS
    texting_of.sent.clear()
    return settings


@pytest.fixture
def phone(texting, person):
    """Alice's telephone."""
    return texting_of.make_phone(person)
