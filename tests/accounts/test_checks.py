"""What can be told at start is told at start, with what to write instead."""

import pytest
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.checks import run_checks

from accounts import checks

# A check of JSON fields asks the database, the first time in a process.
pytestmark = pytest.mark.django_db

BOUNDED = "accounts.hashing.BoundedArgon2PasswordHasher"
STOCK = "django.contrib.auth.hashers.Argon2PasswordHasher"
PBKDF2 = "django.contrib.auth.hashers.PBKDF2PasswordHasher"


def ids() -> set[str]:
    return {message.id for message in run_checks() if message.id.startswith("ostiary_accounts")}


def test_the_site_as_it_is_has_nothing_to_tell():
    assert ids() == set()


@pytest.mark.parametrize("hashers", [[STOCK], [PBKDF2, BOUNDED]])
def test_another_hasher_first_is_told(settings, hashers):
    settings.PASSWORD_HASHERS = hashers

    assert ids() == {"ostiary_accounts.W001"}


def test_a_hasher_that_takes_the_place_of_the_bounded_one_is_told(settings):
    settings.PASSWORD_HASHERS = [BOUNDED, PBKDF2, STOCK]

    assert ids() == {"ostiary_accounts.W002"}


@pytest.mark.parametrize("options", [None, {}, {"min_length": 8}])
def test_short_passwords_are_told(settings, options):
    name = "django.contrib.auth.password_validation.MinimumLengthValidator"
    settings.AUTH_PASSWORD_VALIDATORS = (
        [] if options is None else [{"NAME": name, "OPTIONS": options}]
    )

    assert ids() == {"ostiary_accounts.W003"}


def test_a_user_model_without_an_address_is_told(monkeypatch):
    class Nameless(AbstractBaseUser):
        class Meta:
            app_label = "ostiary_accounts"
            abstract = True

    monkeypatch.setattr(checks, "get_user_model", lambda: Nameless)

    assert ids() == {"ostiary_accounts.E001"}


def test_every_message_says_what_to_do(settings):
    settings.PASSWORD_HASHERS = [PBKDF2]
    settings.AUTH_PASSWORD_VALIDATORS = []

    messages = [m for m in run_checks() if m.id.startswith("ostiary_accounts")]

    assert len(messages) == 2
    assert all(message.hint for message in messages)
