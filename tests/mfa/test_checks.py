"""What the system checks of mfa say."""

import pytest

from mfa.checks import check_middleware, check_settings

OTP = "mfa.middleware.VerifiedSessionMiddleware"
OURS = "mfa.middleware.SecondStepMiddleware"


def found():
    return [message.id for message in check_settings(None) + check_middleware(None)]


def test_the_site_is_right():
    assert found() == []


def test_unknown_keys_and_wrong_values_are_told(settings):
    settings.OSTIARY_MFA = {"TRUSTED_DAYS": 3}

    assert found() == ["ostiary_mfa.E001"]


def test_without_the_middleware_of_django_otp_nobody_is_verified(settings):
    settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if path != OTP]

    assert found() == ["ostiary_mfa.E002"]


def test_it_stands_below_the_session_register(settings):
    others = [path for path in settings.MIDDLEWARE if path != OTP]
    register = others.index("ostiary.sessions.SessionRegisterMiddleware")
    settings.MIDDLEWARE = [*others[:register], OTP, *others[register:]]

    assert found() == ["ostiary_mfa.E002"]


@pytest.mark.parametrize(
    ("steps", "middleware", "told"),
    [
        ([], [], ["ostiary_mfa.E003"]),
        (["ostiary.second_step.SecondStep"], [], []),
        ([], [OURS], []),
    ],
)
def test_somebody_has_to_ask_for_the_second_factor(settings, steps, middleware, told):
    settings.OSTIARY = {**settings.OSTIARY, "SIGNIN_STEPS": steps}
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, *middleware]

    assert found() == told


def test_ours_stands_below_that_of_django_otp(settings):
    settings.MIDDLEWARE = [OURS, *settings.MIDDLEWARE]

    assert found() == ["ostiary_mfa.E004"]
