"""Fifteen characters where the password is the only factor, eight beside another (SECURITY C3)."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.length import PasswordLengthValidator
from ostiary import factors

pytestmark = pytest.mark.django_db

FOURTEEN, EIGHT, SEVEN = "fvbnuyhtrdkslw", "fvbnuyht", "fvbnuyh"


@pytest.fixture
def second_factor(monkeypatch, person):
    """Alice has one."""

    class Keeper:
        def factors_of(self, user):
            return ["Authenticator app"] if user == person else []

        def has_strong(self, user):
            return user == person

        def reset(self, user):
            """Nothing."""

    monkeypatch.setattr(factors, "_keepers", {"test": Keeper()})


def test_beside_a_second_factor_eight_are_enough_and_seven_are_not(second_factor, person):
    validate_password(EIGHT, person)

    with pytest.raises(ValidationError, match="at least 8 characters"):
        validate_password(SEVEN, person)


@pytest.mark.parametrize("who", ["other_person", "nobody", "anonymous", "new"])
def test_without_one_fifteen_are_needed(second_factor, request, who, django_user_model):
    user = {
        "nobody": lambda: None,
        "anonymous": AnonymousUser,
        "new": lambda: django_user_model(email="new@example.com"),
    }.get(who, lambda: request.getfixturevalue(who))()

    with pytest.raises(ValidationError, match="at least 15 characters"):
        PasswordLengthValidator().validate(FOURTEEN, user)
    PasswordLengthValidator().validate(FOURTEEN + "x", user)
