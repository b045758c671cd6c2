"""People and their browsers."""

import functools

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from django.utils import timezone

from accounts import signup_policy, support
from accounts.hashing import BoundedArgon2PasswordHasher
from ostiary import factors
from ostiary.conf import ostiary_settings
from ostiary.throttling import storage_at
from tests.accounts import flow


@pytest.fixture(autouse=True)
def no_tries_spent():
    """Counters in the database go with each test; those in Redis would outlive it."""
    if ostiary_settings.THROTTLE_STORAGE != "database://":
        storage_at(ostiary_settings.THROTTLE_STORAGE).reset()


@pytest.fixture(autouse=True)
def policy_read_once(monkeypatch):
    """Each test reads who may sign up anew, and not again because it was slow."""
    monkeypatch.setattr(signup_policy, "RECHECK_SECONDS", 3600)
    signup_policy.forget()
    yield
    signup_policy.forget()


@functools.cache
def password_hash(memory_cost: int) -> str:
    """The usual password's hash, made once for each cost."""
    return make_password(flow.PASSWORD)


def make_person(email: str, **fields):
    """A person who has confirmed their address."""
    usual = {
        "password": password_hash(BoundedArgon2PasswordHasher.memory_cost),
        "email_verified_at": timezone.now(),
    }
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


# --- second factors, which other apps keep --------------------------------------------------------


class Keeper:
    """Keeps the second factors of people in memory."""

    def __init__(self):
        self.kept = {}

    def factors_of(self, user):
        return self.kept.get(user.pk, [])

    def has_strong(self, user):
        return bool(self.factors_of(user))

    def reset(self, user):
        self.kept.pop(user.pk, None)


class Step:
    """Asks those who have a second factor for it."""

    name = "second_factor"

    def is_required(self, request, user, pending):
        return bool(factors.factors_of(user))

    def url(self, request):
        return "/second-factor/"


@pytest.fixture
def keeper(monkeypatch, settings):
    """A site with second factors."""
    kept = Keeper()
    monkeypatch.setattr(factors, "_keepers", {"test": kept})
    monkeypatch.setattr(factors, "_other_ways", {})
    path = f"{__name__}.Step"
    settings.OSTIARY = {**settings.OSTIARY, "SIGNIN_STEPS": [path]}
    return kept


@pytest.fixture
def alice(person, keeper):
    """Alice, whose phone with the second factor is lost."""
    keeper.kept[person.pk] = ["Authenticator app"]
    return person


# --- operators who help --------------------------------------------------------------------------


def make_operator(name="operator", *permissions, **fields):
    """An operator with these permissions."""
    person = make_person(f"{name}@example.com", is_staff=True, **fields)
    for each in permissions:
        person.user_permissions.add(Permission.objects.get(codename=each))
    return person


@pytest.fixture
def opener(db):
    """May open, send and stop."""
    return make_operator("opener", support.OPEN, support.CHANGE)


@pytest.fixture
def approver(db):
    """May approve."""
    return make_operator("approver", support.APPROVE)


@pytest.fixture
def two(settings):
    """A site that wants two operators."""
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "SUPPORT_RECOVERY_OPERATORS": 2}
