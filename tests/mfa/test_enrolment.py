"""Setting up a second factor while a sign-in is pending, as policy asks (SECURITY C7, G1, H7)."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client as Browser

from mfa.models import AuthenticatorApp, EmailDevice, EnrolmentGrace, GroupPolicy
from ostiary import assurance, factors, outbox
from ostiary.signin import SESSION_KEY as PENDING
from tests.mfa import flow

pytestmark = pytest.mark.needs("accounts")

ENROL = "/signin/second-step/set-up/"
APP = "/account/security/app/"
EMAIL = "/signin/second-step/email/"
AAL2 = assurance.Level.AAL2.value


@pytest.fixture
def required(settings):
    """A site on which everybody has to have a second factor."""

    def ask(grace_days=0):
        told = {"SECOND_FACTOR": "required", "ENROLMENT_GRACE_DAYS": grace_days}
        settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, **told}

    return ask


@pytest.fixture
def operator(person):
    """Alice, who looks after the site."""
    person.is_staff = person.is_superuser = True
    person.save()
    return person


def set_up_app(browser):
    """Go through the pages that set up an app; the answer to the first code."""
    assert browser.post(APP, {"name": "Phone"}).url == f"{APP}confirm/"
    assert browser.get(f"{APP}confirm/").status_code == 200
    app = AuthenticatorApp.objects.get()
    return browser.post(f"{APP}confirm/", {"code": flow.code_of(app)})


def amr(browser):
    return browser.session[assurance.SESSION_KEY]["amr"]


def test_where_a_factor_is_required_it_is_set_up_before_the_sign_in_is_complete(
    browser, person, required
):
    required()
    answer = flow.show_password(browser, person.email, next="/account/sessions/")
    assert answer.url.partition("?")[0] == ENROL
    page = browser.get(ENROL).content.decode()
    assert f'href="{APP}"' in page
    assert "Not now" not in page
    assert browser.post(ENROL).status_code == 200
    assert not flow.is_signed_in(browser)

    answer = set_up_app(browser)

    assert answer.url == "/account/security/recovery-codes/?next=%2Faccount%2Fsessions%2F"
    assert amr(browser) == ["pwd", "otp", "mfa"]
    shown = browser.post(answer.url).content.decode()
    assert 'href="/account/sessions/"' in shown


def test_c7_who_has_to_set_one_up_is_still_anonymous(browser, person, required):
    required()
    flow.show_password(browser, person.email)
    browser.get(ENROL)
    browser.post(APP, {"name": "Phone"})
    for path in ("/account/", "/account/security/", "/account/security/recovery-codes/"):
        assert browser.get(path).url.startswith("/signin/"), path
    assert "_auth_user_id" not in browser.session


def test_c7_who_has_a_factor_sets_up_no_other_in_a_pending_sign_in(browser, app, required):
    required()
    flow.show_password(browser, app.user.email)
    assert browser.get(ENROL).url == "/signin/"
    assert browser.post(APP, {"name": "Mine"}).url.startswith("/signin/")
    assert browser.post(ENROL).url == "/signin/"
    assert not flow.is_signed_in(browser)
    assert AuthenticatorApp.objects.count() == 1


def test_h7_what_one_person_began_to_set_up_is_not_anothers(
    browser, person, other_person, required
):
    required()
    flow.show_password(browser, person.email)
    browser.post(APP, {"name": "Phone"})
    code = flow.code_of(AuthenticatorApp.objects.get())

    flow.show_password(browser, other_person.email)

    assert browser.post(f"{APP}confirm/", {"code": code}).url == APP
    assert not AuthenticatorApp.objects.filter(confirmed=True).exists()
    assert browser.session[PENDING]["user_id"] == str(other_person.pk)


def test_a_visitor_finds_no_page_to_set_one_up(browser):
    assert browser.get(ENROL).url == "/signin/"
    assert browser.get(APP).url.startswith("/signin/")


def test_in_the_days_of_grace_it_can_be_put_off_and_the_date_is_shown(
    browser, person, required, clock
):
    required(grace_days=14)
    assert flow.show_password(browser, person.email).url == ENROL
    assert "Not now" in browser.get(ENROL).content.decode()
    until = EnrolmentGrace.objects.get().ends_at
    assert browser.post(ENROL).url == "/account/"
    assert amr(browser) == ["pwd"]

    clock.advance(timedelta(days=13).total_seconds())
    later = Browser()
    flow.show_password(later, person.email)
    assert "Not now" in later.get(ENROL).content.decode()
    assert EnrolmentGrace.objects.get().ends_at == until

    clock.advance(timedelta(days=2).total_seconds())
    too_late = Browser()
    flow.show_password(too_late, person.email)
    assert too_late.post(ENROL).status_code == 200
    assert not flow.is_signed_in(too_late)


def test_after_a_recovery_a_new_factor_is_asked_for_at_the_next_sign_in(browser, app, required):
    required()
    factors.reset(app.user)
    assert flow.show_password(browser, app.user.email).url == ENROL


def test_the_members_of_a_group_may_have_to_have_one(browser, person, other_person):
    group = Group.objects.create(name="Accounting")
    GroupPolicy.objects.create(group=group, grace_days=0)
    person.groups.add(group)
    assert flow.show_password(browser, person.email).url == ENROL
    assert flow.show_password(Browser(), other_person.email).url == "/account/"


def test_a_client_that_asks_for_two_factors_has_one_set_up_and_hears_the_truth(browser, person):
    wanted = {"next": "/account/profile/", "acr_values": AAL2}
    assert flow.show_password(browser, person.email, **wanted).url.partition("?")[0] == ENROL
    assert "The application" in browser.get(ENROL).content.decode()
    assert browser.post(ENROL).url == "/account/profile/"
    assert amr(browser) == ["pwd"]

    another = Browser()
    flow.show_password(another, person.email, **wanted)
    set_up_app(another)
    assert amr(another) == ["pwd", "otp", "mfa"]


def test_where_second_factors_are_off_nobody_sets_one_up_and_those_that_are_there_are_asked_for(
    browser, app, other_person, settings
):
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, "SECOND_FACTOR": "off"}
    flow.show_password(browser, other_person.email, acr_values=AAL2)
    assert flow.is_signed_in(browser)
    assert browser.get(APP).status_code == 403
    assert "Authenticator app" not in browser.get("/account/security/").content.decode()
    assert flow.show_password(Browser(), app.user.email).url == flow.CHALLENGE


def test_g1_an_operator_has_to_have_one_at_once_whatever_the_policy_says(
    browser, operator, settings
):
    told = {"SECOND_FACTOR": "off", "ENROLMENT_GRACE_DAYS": 14}
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, **told}
    to_sign_in = browser.get("/admin/", follow=True).redirect_chain[-1][0]
    given = {"identifier": operator.email, "password": flow.PASSWORD}
    assert browser.post(to_sign_in, given).url.partition("?")[0] == ENROL
    assert browser.post(ENROL).status_code == 200

    answer = set_up_app(browser)

    assert answer.url == "/account/security/recovery-codes/?next=%2Fadmin%2F"
    assert browser.get("/admin/").status_code == 200


def with_code_by_email(user):
    """All that they have."""
    EmailDevice.objects.create(user=user, confirmed=True)
    return user


def enter_mailed_code(browser):
    browser.get(EMAIL)
    while outbox.deliver_due():
        pass
    [*_, code] = (re.search(r"^\d{6}$", sent.body, re.MULTILINE) for sent in mail.outbox)
    return browser.post(EMAIL, {"code": code[0]})


def test_g1_an_operator_who_has_but_a_code_by_email_is_led_to_a_stronger_factor(browser, operator):
    with_code_by_email(operator)
    assert (
        flow.show_password(browser, operator.email, next="/admin/").url.partition("?")[0] == EMAIL
    )
    assert browser.get(ENROL).url == "/signin/"
    assert browser.post(APP, {"name": "Phone"}).url.startswith("/signin/")

    assert enter_mailed_code(browser).url.partition("?")[0] == ENROL

    page = browser.get(ENROL).content.decode()
    assert f'href="{APP}"' in page
    assert "email-code" not in page
    assert "Not now" not in page
    assert set_up_app(browser).url == "/account/security/recovery-codes/?next=%2Fadmin%2F"
    assert browser.get("/admin/").status_code == 200


def test_who_has_but_a_code_by_email_is_offered_more_by_a_client_that_wants_it(browser, person):
    with_code_by_email(person)
    flow.show_password(browser, person.email, acr_values=AAL2)

    assert enter_mailed_code(browser).url.partition("?")[0] == ENROL

    assert "email-code" not in browser.get(ENROL).content.decode()
    assert browser.post(ENROL).url == "/account/"
    assert amr(browser) == ["pwd", "email"]
