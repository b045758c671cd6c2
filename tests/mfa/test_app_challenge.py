"""The second step of a sign-in by an authenticator app (SECURITY C7, D1, H3, H5, H7)."""

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY

from mfa.models import AuthenticatorApp
from ostiary import assurance, known_device
from ostiary.models import Event
from ostiary.signin import SESSION_KEY as PENDING
from tests.mfa import flow

pytestmark = pytest.mark.needs("accounts")

SPELLINGS = [
    lambda code: code,
    lambda code: f"{code[:3]} {code[3:]}",
    lambda code: f"{code[:3]}-{code[3:]}",
    lambda code: f"\u200e{code[:3]}\u2013{code[3:]}\xa0",
    lambda code: "".join(chr(0xFF10 + int(digit)) for digit in code),
    lambda code: "".join(chr(0x0660 + int(digit)) for digit in code),
]


def amr(browser):
    return [*browser.session[assurance.SESSION_KEY]["amr"]]


def test_the_code_of_the_app_completes_the_sign_in(browser, app):
    answer = flow.show_password(browser, app.user.email, next="/account/sessions/")
    assert answer.url.partition("?")[0] == flow.CHALLENGE

    answer = flow.enter(browser, flow.code_of(app))

    assert answer.url == "/account/sessions/"
    assert flow.is_signed_in(browser)
    assert amr(browser) == ["pwd", "otp", "mfa"]
    assert browser.session[DEVICE_ID_SESSION_KEY] == app.persistent_id
    assert Event.objects.filter(kind="factor.used", details={"factor": "app"}).count() == 1


@pytest.mark.parametrize(
    "path",
    [
        "/account/",
        "/account/security/",
        "/account/security/app/",
        pytest.param("/oauth/authorize", marks=pytest.mark.needs("oauth")),
    ],
)
def test_c7_a_password_alone_opens_nothing(browser, app, path):
    flow.show_password(browser, app.user.email)

    answer = browser.get(path)

    assert answer.status_code == 400 or answer.url.startswith("/signin/")
    assert DEVICE_ID_SESSION_KEY not in browser.session


def test_an_empty_form_is_no_code(browser, app):
    flow.show_password(browser, app.user.email)

    assert browser.post(flow.CHALLENGE).status_code == 400
    assert browser.post(flow.CHALLENGE, {"code": " - "}).status_code == 400
    assert not flow.is_signed_in(browser)


@pytest.mark.parametrize("typed", ["000000", "12345", "1234567", "½½½", "a\x00b", "9" * 41])
def test_what_is_not_the_code_is_told_with_what_to_do(browser, app, typed):
    flow.show_password(browser, app.user.email)

    answer = flow.enter(browser, typed)

    assert answer.status_code == 400
    assert 'aria-describedby="id_code_error"' in answer.content.decode()
    assert not flow.is_signed_in(browser)


def test_without_a_pending_sign_in_the_page_leads_to_sign_in(browser, app):
    assert browser.get(flow.CHALLENGE).url == "/signin/"
    assert flow.enter(browser, flow.code_of(app)).url == "/signin/"


def test_who_has_no_app_is_sent_where_they_belong(browser, person):
    flow.show_password(browser, person.email)

    assert browser.get(flow.CHALLENGE).url == "/signin/"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_code_is_taken_in_every_spelling(browser, app, spelling):
    flow.show_password(browser, app.user.email)

    assert flow.enter(browser, spelling(flow.code_of(app))).status_code == 302


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_h3_a_used_code_is_refused_in_every_spelling_and_window(browser, app, clock, spelling):
    code = flow.code_of(app)
    flow.sign_in(browser, app)

    for later in (0, 29, 30):
        clock.advance(later)
        other = Browser()
        flow.show_password(other, app.user.email)
        answer = flow.enter(other, spelling(code))
        assert answer.status_code == 400
        assert "already used" in answer.content.decode()


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_may_be_one_step_early_or_late(browser, app, steps):
    flow.show_password(browser, app.user.email)

    assert flow.enter(browser, flow.code_of(app, steps)).status_code == 302


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_two_steps_off_is_refused(browser, app, clock, steps):
    flow.show_password(browser, app.user.email)

    assert flow.enter(browser, flow.code_of(app, steps)).status_code == 400


def test_after_a_later_code_an_earlier_one_is_refused(app, clock):
    earlier = flow.code_of(app)
    assert app.accepts(flow.code_of(app, 1))

    assert not app.accepts(earlier)


def test_the_drift_of_a_clock_is_kept(app, clock):
    assert app.accepts(flow.code_of(app, 1))
    clock.advance(300)
    assert app.accepts(flow.code_of(app, 2))
    clock.advance(300)

    app = AuthenticatorApp.objects.get(pk=app.pk)
    assert app.drift == 2
    assert not app.accepts(flow.code_of(app))


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
@pytest.mark.parametrize("digits", [6, 8])
def test_every_hash_function_and_length_is_understood(app, algorithm, digits):
    app.algorithm, app.digits = algorithm, digits
    app.save()

    code = flow.code_of(app)
    assert len(code) == digits
    assert app.accepts(code)


def test_any_of_several_apps_will_do(browser, app):
    other = AuthenticatorApp.objects.create(
        user=app.user, name="Tablet", key=AuthenticatorApp.new_key(), confirmed=True
    )
    flow.sign_in(browser, other)

    assert flow.is_signed_in(browser)
    assert browser.session[DEVICE_ID_SESSION_KEY] == other.persistent_id


def test_another_persons_code_and_an_unconfirmed_apps_are_refused(browser, app, other_person):
    for user, confirmed in ((other_person, True), (app.user, False)):
        other = AuthenticatorApp.objects.create(
            user=user, key=AuthenticatorApp.new_key(), confirmed=confirmed
        )
        flow.show_password(browser, app.user.email)
        assert flow.enter(browser, flow.code_of(other)).status_code == 400


def test_wrong_codes_are_throttled_and_a_right_one_in_between_clears_nothing(app, clock):
    browsers = [Browser() for _ in range(2)]
    for browser in browsers:
        flow.show_password(browser, app.user.email)
    wrong = [flow.enter(browsers[0], "000000").status_code for _ in range(9)]
    assert flow.enter(browsers[1], flow.code_of(app)).status_code == 302

    wrong += [flow.enter(browsers[0], "000000").status_code for _ in range(2)]

    assert wrong == [400] * 10 + [429]
    throttled = flow.enter(browsers[0], flow.code_of(app, 1))
    assert throttled.status_code == 429
    assert int(throttled["Retry-After"]) > 0


def test_h5_a_device_of_the_persons_own_has_tries_of_its_own(browser, app, clock):
    flow.sign_in(browser, app)
    assert known_device.cookie_name() in browser.cookies
    stranger = Browser()
    flow.show_password(stranger, app.user.email)
    while flow.enter(stranger, "000000").status_code == 400:
        pass

    clock.advance(30)
    browser.post("/signout/")
    flow.sign_in(browser, app)

    assert flow.is_signed_in(browser)


def test_h7_what_one_person_showed_is_not_in_the_sign_in_of_the_next(browser, app, other_person):
    flow.show_password(browser, app.user.email)
    session = browser.session
    session["ostiary_mfa.device"] = {
        "user_id": session[PENDING]["user_id"],
        "started_at": session[PENDING]["started_at"],
        "device": app.persistent_id,
    }
    session.save()

    flow.show_password(browser, other_person.email)

    assert flow.is_signed_in(browser)
    assert amr(browser) == ["pwd"]
    assert DEVICE_ID_SESSION_KEY not in browser.session
    assert "ostiary_mfa.device" not in browser.session


def test_h7_a_sign_in_begun_anew_asks_for_a_new_code(browser, app, clock, settings):
    """A later step is still due when the person begins again: the factor shown counts no more."""
    settings.OSTIARY = {
        **settings.OSTIARY,
        "SIGNIN_STEPS": ["ostiary.second_step.SecondStep", "tests.mfa.steps.Always"],
    }
    flow.sign_in(browser, app)
    assert browser.session["ostiary_mfa.device"]["device"] == app.persistent_id

    answer = flow.show_password(browser, app.user.email)

    assert answer.url.partition("?")[0] == flow.CHALLENGE
    assert [*browser.session[PENDING]["amr"]] == ["pwd"]


def test_a_step_up_asks_for_the_code_again_and_says_so_in_the_session(browser, app, clock):
    flow.sign_in(browser, app)
    first = browser.session[assurance.SESSION_KEY]
    clock.advance(3600)

    answer = browser.get("/account/security/app/")
    assert answer.url.startswith("/signin/?")
    assert "acr_values=urn%3Aostiary%3Aaal2" in answer.url
    again = browser.post(answer.url, {"identifier": app.user.email, "password": flow.PASSWORD})
    assert again.url.partition("?")[0] == flow.CHALLENGE
    answer = flow.enter(browser, flow.code_of(app))

    assert answer.url == "/account/security/app/"
    assert browser.get(answer.url).status_code == 200
    second = browser.session[assurance.SESSION_KEY]
    assert second["sid"] == first["sid"]
    assert second["auth_time"] == first["auth_time"] + 3600


def test_the_page_offers_the_way_back_in_to_who_has_lost_it(browser, app):
    flow.show_password(browser, app.user.email)

    page = browser.get(flow.CHALLENGE).content.decode()

    assert reverse("ostiary_accounts:factor_recovery") in page
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
