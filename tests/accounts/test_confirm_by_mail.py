"""A sign-in that looks unusual is confirmed by a mailed code (SECURITY C7, H7)."""

import re

import pytest
from django.test import Client as Browser

from ostiary import events, risk, risk_rules
from ostiary.models import Event, Session
from ostiary.throttling import throttle
from tests.accounts import flow
from tests.accounts.conftest import make_person
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

CONFIRM = "/signin/confirm/"


@pytest.fixture
def unusual(person):
    """Someone has guessed at the account of Alice, who is known to the site."""
    events.record("signin.succeeded", user=person)
    for _ in range(30):
        throttle("signin", user=person.email)


def begin(browser: Browser, person) -> None:
    """Show the password on a new device, and open the page that this leads to."""
    assert flow.sign_in(browser, person.email)["Location"] == CONFIRM
    assert browser.get(CONFIRM).status_code == 200


def mailed_code() -> str:
    return re.search(r"^\d{4} \d{4}$", flow.delivered()[-1].body, re.MULTILINE)[0]


def test_the_code_of_the_mail_completes_the_sign_in(unusual, browser, person):
    flow.sign_in(browser, person.email, next="/account/profile/")
    page = browser.get(CONFIRM).content.decode()
    assert "a device that we haven’t seen before" in page
    assert "many wrong passwords just before" in page

    answer = browser.post(CONFIRM, {"code": mailed_code()})

    assert answer["Location"] == "/account/profile/"
    assert flow.is_signed_in(browser)
    assert Session.objects.get().amr == ["pwd", "email"]


def test_until_then_nobody_is_signed_in(unusual, browser, person):
    begin(browser, person)

    assert not flow.is_signed_in(browser)
    assert browser.get("/account/security/").status_code == 302
    assert not Session.objects.exists()


def test_a_mailed_code_is_no_second_factor(unusual, browser, person):
    begin(browser, person)
    browser.post(CONFIRM, {"code": mailed_code()})

    from ostiary.assurance import Level, level_of

    assert level_of(Session.objects.get().amr) is Level.AAL1


def test_what_is_usual_is_not_asked(browser, person):
    assert flow.sign_in(browser, person.email)["Location"] == "/account/"
    assert flow.sign_in(Browser(), person.email)["Location"] == "/account/"


def test_from_then_on_the_device_is_known(unusual, browser, person):
    begin(browser, person)
    browser.post(CONFIRM, {"code": mailed_code()})
    browser.post("/signout/")

    assert flow.sign_in(browser, person.email)["Location"] == "/account/"


def test_a_wrong_code_counts_and_the_fifth_is_the_last(unusual, browser, person):
    begin(browser, person)
    code = mailed_code()
    wrong = "1111 1111" if code != "1111 1111" else "2222 2222"
    for _ in range(5):
        assert "Wrong code." in browser.post(CONFIRM, {"code": wrong}).content.decode()

    answer = browser.post(CONFIRM, {"code": code})

    assert answer.status_code == 400
    assert "Too many wrong codes" in answer.content.decode()
    browser.post(CONFIRM, {"resend": "1"})
    assert browser.post(CONFIRM, {"code": mailed_code()}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_fifty_parallel_guesses_five_are_looked_at(unusual, browser, person):
    begin(browser, person)
    cookies = browser.cookies

    def one() -> bool:
        guesser = Browser()
        guesser.cookies = cookies
        return b"Wrong code." in guesser.post(CONFIRM, {"code": "x"}).content

    assert sorted(at_once(one)) == [False] * 45 + [True] * 5


def test_only_the_newest_code_counts(unusual, browser, person):
    begin(browser, person)
    older = mailed_code()
    browser.post(CONFIRM, {"resend": "1"})

    assert browser.post(CONFIRM, {"code": older}).status_code == 400
    assert browser.post(CONFIRM, {"code": mailed_code()}).status_code == 302


def test_a_code_counts_for_its_own_sign_in_only(unusual, browser, person, other_person):
    begin(browser, person)
    code = mailed_code()
    other = Browser()
    begin(other, person)

    assert other.post(CONFIRM, {"code": code}).status_code == 400
    begin(browser, person)  # begun anew in the same browser
    assert browser.post(CONFIRM, {"code": code}).status_code == 400


def test_nothing_of_a_sign_in_that_was_left_goes_into_that_of_another(
    unusual, browser, person, other_person
):
    begin(browser, person)
    code = mailed_code()

    flow.sign_in(browser, other_person.email)

    assert Session.objects.get().user == other_person
    assert Session.objects.get().amr == ["pwd"]
    assert browser.post(CONFIRM, {"code": code})["Location"] == "/signin/"


def test_an_empty_form_and_one_without_a_sign_in_pass_nothing(unusual, browser, person):
    assert browser.post(CONFIRM, {"code": "1"})["Location"] == "/signin/"
    begin(browser, person)
    assert browser.post(CONFIRM, {}).status_code == 400
    assert not flow.is_signed_in(browser)


@pytest.mark.parametrize("code", ["", "\x00", "１" * 8, "9" * 5000, "٣" * 8, b"\xff"])
def test_hostile_input_is_a_wrong_code(unusual, browser, person, code):
    begin(browser, person)
    assert browser.post(CONFIRM, {"code": code}).status_code == 400


def test_the_code_is_in_no_page_session_or_table_in_plain(unusual, browser, person):
    begin(browser, person)
    code = mailed_code().replace(" ", "")

    assert code not in browser.get(CONFIRM).content.decode().replace(" ", "")
    assert code not in str(dict(browser.session))
    assert code not in str([vars(event) for event in Event.objects.all()])


def test_opening_the_page_again_mails_nothing_more_and_mails_are_limited(unusual, browser, person):
    begin(browser, person)
    browser.get(CONFIRM)
    assert len(flow.delivered()) == 1

    answers = [browser.post(CONFIRM, {"resend": "1"}).status_code for _ in range(10)]
    assert answers == [302] * 9 + [429]


def test_who_has_shown_two_factors_or_has_no_mailbox_is_not_asked(unusual, person, rf, settings):
    from accounts.confirm_by_mail import ConfirmByMail
    from ostiary.signin import PendingSignIn

    def asked(amr, user=person, reasons={"new_device": 60}):  # noqa: B006
        pending = PendingSignIn(str(user.pk), "", "", tuple(amr), (), "", (), False, 0.0, reasons)
        return ConfirmByMail().is_required(rf.get("/"), user, pending)

    assert asked(["pwd"])
    assert not asked(["pwd", "otp"])
    assert not asked(["hwk", "user"])
    assert not asked(["email"])
    assert not asked(["pwd"], reasons={"new_device": 59})
    assert not asked(["pwd"], make_person("typo@example.com", email_verified_at=None))


def test_the_person_is_told_afterwards_with_the_reasons(unusual, browser, person):
    begin(browser, person)
    browser.post(CONFIRM, {"code": mailed_code()})

    told = flow.delivered()[-1]
    assert told.subject == "New sign-in to Ostiary"
    assert "– many wrong passwords just before" in told.body


def test_the_log_and_the_activity_tell_why(unusual, browser, person):
    begin(browser, person)
    browser.post(CONFIRM, {"code": mailed_code()})

    reasons = {"new_device": 35, "throttle_pressure": 25}
    for kind in ("signin.unusual", "signin.succeeded"):
        event = Event.objects.filter(kind=kind).latest("pk")
        assert event.details["risk"] == {"score": 60, "decision": "step_up", "reasons": reasons}
    page = browser.get("/account/activity/").content.decode()
    assert f"Unusual: {', '.join(risk.sentences(reasons))}." in page


def test_a_usual_sign_in_has_its_decision_in_the_log_too(signed_in_browser, person):
    event = Event.objects.get(kind="signin.succeeded")
    assert event.details["risk"] == {"score": 0, "decision": "nothing", "reasons": {}}
    assert "unusual" not in signed_in_browser.get("/account/activity/").content.decode()


def test_a_new_device_is_told_though_no_rule_asks_for_it(settings, signed_in_browser, person):
    settings.OSTIARY = {**settings.OSTIARY, "RISK_RULES": [], "RISK_NOTIFY_SCORE": 0}
    flow.sign_in(Browser(), person.email)

    assert [told.subject for told in flow.delivered()] == ["New sign-in to Ostiary"]


def test_what_is_unusual_on_a_known_device_is_told_too(settings, signed_in_browser, person):
    settings.OSTIARY = {**settings.OSTIARY, "RISK_RULES": ["tests.ostiary.test_risk.Always"]}
    signed_in_browser.post("/signout/")
    flow.sign_in(signed_in_browser, person.email)

    [told] = flow.delivered()
    assert told.subject == "Unusual sign-in to Ostiary"
    assert "– it is always unusual" in told.body


def test_the_admin_tells_an_operator_in_words(unusual, browser, person, admin_client):
    begin(browser, person)
    event = Event.objects.get(kind="signin.unusual")

    for path in ("", f"{event.pk}/change/"):
        page = admin_client.get(f"/admin/ostiary/event/{path}", follow=True).content.decode()
        assert "60: a device that we haven’t seen before (35), " in page
    assert {rule.name for rule in risk.rules()} >= {risk_rules.NewDevice.name}
