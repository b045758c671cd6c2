"""What is known about how a session was authenticated."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ostiary.assurance import Assurance, Level, level_of, normalized_amr, parse_acr
from tests.ostiary.conftest import sign_in, who


def of(*amr: str, age: int = 0) -> Assurance:
    return Assurance(amr=amr, auth_time=int(timezone.now().timestamp()) - age)


@pytest.mark.parametrize(
    ("amr", "level"),
    [
        ((), Level.AAL1),
        (("pwd",), Level.AAL1),
        (("otp",), Level.AAL1),
        (("pwd", "pin"), Level.AAL1),
        (("otp", "sms"), Level.AAL1),
        (("pwd", "otp"), Level.AAL2),
        (("pwd", "sms"), Level.AAL2),
        (("hwk",), Level.AAL1),
        (("hwk", "user"), Level.AAL2_PHR),
        (("swk", "face"), Level.AAL2_PHR),
        (("pwd", "hwk"), Level.AAL2_PHR),
        (("mfa",), Level.AAL1),
        (("pwd", "mfa"), Level.AAL1),
    ],
)
def test_the_level_is_what_the_methods_prove(amr, level):
    assert level_of(amr) is level


def test_two_factors_are_told_as_such_and_one_is_not():
    assert normalized_amr(["pwd", "otp"]) == ("pwd", "otp", "mfa")
    assert normalized_amr(["pwd", "mfa"]) == ("pwd",)
    assert normalized_amr(["pwd", "pwd"]) == ("pwd",)


@pytest.mark.parametrize(
    ("acr", "level"),
    [
        ("urn:ostiary:aal1", Level.AAL1),
        ("urn:ostiary:aal2", Level.AAL2),
        ("urn:ostiary:aal2:phr", Level.AAL2_PHR),
        ("phr", Level.AAL2_PHR),
        ("phrh", Level.AAL2_PHR),
        ("urn:ostiary:aal2:no-sms", Level.AAL2),
        ("urn:ostiary:aal3", None),
        ("PHR", None),
        ("", None),
    ],
)
def test_an_acr_value_is_understood_or_not_known(acr, level):
    assert parse_acr(acr) is level


def test_a_higher_level_meets_a_lower_one_and_never_the_reverse():
    assert of("hwk", "user").satisfies("urn:ostiary:aal1")
    assert of("hwk", "user").satisfies("urn:ostiary:aal2")
    assert not of("pwd").satisfies("urn:ostiary:aal2")
    assert not of("pwd", "otp").satisfies("phr")
    assert not of("hwk", "user").satisfies("urn:someone:else")


def test_a_client_may_want_two_factors_and_no_text_message():
    assert of("pwd", "sms").satisfies("urn:ostiary:aal2")
    assert not of("pwd", "sms").satisfies("urn:ostiary:aal2:no-sms")
    assert of("pwd", "otp", "sms").satisfies("urn:ostiary:aal2:no-sms")
    assert of("hwk", "user").satisfies("urn:ostiary:aal2:no-sms")
    assert not of("pwd", "sms").satisfies("phr")


def test_phrh_needs_a_key_in_hardware():
    assert of("hwk", "user").satisfies("phrh")
    assert of("swk", "user").satisfies("phr")
    assert not of("swk", "user").satisfies("phrh")


def test_the_answer_is_the_first_requested_value_that_is_met():
    assert of("hwk", "user").answer(["phrh", "phr"]) == "phrh"
    assert of("swk", "user").answer(["phrh", "phr"]) == "phr"
    assert of("pwd").answer(["phr"]) == "urn:ostiary:aal1"
    assert of("pwd", "otp").answer([]) == "urn:ostiary:aal2"


def test_freshness_is_counted_from_the_authentication():
    assert of("pwd", age=299).is_fresh(300)
    assert not of("pwd", age=301).is_fresh(300)


def test_a_visitor_has_no_assurance(browser, db):
    assert who(browser) == {"user": None, "amr": None, "acr": None, "sid": None, "auth_time": None}


def test_step_up_lets_a_fresh_sign_in_pass(signed_in_browser):
    assert signed_in_browser.get("/sensitive/").status_code == 200


def age(browser, seconds: int) -> None:
    """Let time pass since the sign-in of this browser."""
    session = browser.session
    session["ostiary.assurance"]["auth_time"] -= seconds
    session.save()


def test_step_up_sends_an_old_sign_in_to_prove_itself_again_and_back(signed_in_browser, person):
    age(signed_in_browser, 301)

    answer = signed_in_browser.get("/sensitive/?q=1")

    assert answer.status_code == 302
    assert answer["Location"] == "/signin/?next=%2Fsensitive%2F%3Fq%3D1&reauthenticate=1"
    sign_in(signed_in_browser, person)
    assert signed_in_browser.get("/sensitive/?q=1").status_code == 200


def test_step_up_asks_for_the_level_that_is_missing(signed_in_browser):
    answer = signed_in_browser.get("/sensitive/aal2/")
    assert "acr_values=urn%3Aostiary%3Aaal2" in answer["Location"]


def test_step_up_treats_a_pending_sign_in_as_anonymous(browser, person, ostiary):
    ostiary(SIGNIN_STEPS=["tests.ostiary.steps.Code"])
    sign_in(browser, person)
    assert browser.get("/sensitive/")["Location"].startswith("/signin/")


def test_auth_time_is_when_the_person_proved_themselves(signed_in_browser):
    now = timezone.now()
    auth_time = who(signed_in_browser)["auth_time"]
    assert now - timedelta(seconds=60) <= timezone.datetime.fromtimestamp(auth_time, tz=now.tzinfo)
