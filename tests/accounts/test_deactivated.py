"""Who was switched off, or is gone, gets in by nothing that they still hold (SECURITY C6, H6)."""

import pytest
from django.test import Client as Browser

from accounts.models import FactorRecovery, User
from ostiary.models import Session
from tests.accounts import flow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def every_way_in(settings, keeper):
    """What operators can switch on is on; second factors are kept, and nobody has one."""
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}


def a_password(person, keeper):
    browser = Browser()
    return lambda: (browser, flow.sign_in(browser, person.email))


def a_session(person, keeper):
    browser = Browser()
    flow.sign_in(browser, person.email)
    return lambda: (browser, browser.get("/account/"))


def a_remembered_session(person, keeper):
    browser = Browser()
    form = {"identifier": person.email, "password": flow.PASSWORD, "remember": "on"}
    browser.post("/signin/", form)
    return lambda: (browser, browser.get("/account/"))


def a_sign_in_that_waits(person, keeper):
    keeper.kept[person.pk] = ["Authenticator app"]
    browser = Browser()
    flow.sign_in(browser, person.email)
    return lambda: (browser, browser.post("/recover/second-step/"))


def a_mailed_code(person, keeper):
    browser = Browser()
    browser.post("/signin/email/", {"email": person.email, "next": ""})
    code = flow.code_in(flow.delivered()[-1])
    return lambda: (browser, browser.post("/signin/email/code/", {"code": code}))


def a_mailed_link(person, keeper):
    browser = Browser()
    Browser().post("/signin/email/", {"email": person.email, "next": ""})
    browser.get(flow.link_in(flow.delivered()[-1]))
    return lambda: (browser, browser.post("/signin/email/link/"))


def a_recovery_link(person, keeper):
    browser, link = Browser(), flow.recovery_link(person.email)
    return lambda: (browser, flow.recover(browser, link))


def a_link_that_changes_the_address(person, keeper):
    browser = Browser()
    flow.sign_in(browser, person.email)
    browser.post("/account/email/", {"email": "alice@new.example"})
    browser.get(flow.link_in(flow.delivered()[-1]))
    return lambda: (browser, browser.post("/account/email/confirm/"))


def a_link_that_removes_the_second_step(person, keeper):
    keeper.kept[person.pk] = ["Authenticator app"]
    browser = Browser()
    browser.post("/recover/second-step/", {"email": person.email})
    browser.get(flow.link_in(flow.delivered()[-1]))
    return lambda: (browser, browser.post("/recover/second-step/go-on/"))


def switched_off(person):
    User.objects.filter(pk=person.pk).update(is_active=False)  # no signal tells of it


def gone(person):
    person.delete()


HELD = [
    a_password,
    a_session,
    a_remembered_session,
    a_sign_in_that_waits,
    a_mailed_code,
    a_mailed_link,
    a_recovery_link,
    a_link_that_changes_the_address,
    a_link_that_removes_the_second_step,
]


@pytest.mark.parametrize("end", [switched_off, gone])
@pytest.mark.parametrize("held", HELD)
def test_h6_nothing_that_was_held_before_does_anything(person, keeper, held, end):
    use = held(person, keeper)
    before = User.objects.filter(pk=person.pk).values("password", "email").get()
    end(person)

    browser, answer = use()

    assert answer.status_code in (302, 400)
    assert not flow.is_signed_in(browser)
    assert not Session.objects.filter(ended_at=None, user_id=person.pk).exists() or end is gone
    assert not FactorRecovery.objects.exists()
    left = User.objects.filter(pk=person.pk).values("password", "email").first()
    assert left in (before, None)


@pytest.mark.parametrize("held", HELD)
def test_who_was_not_switched_off_gets_on_by_each(person, keeper, held):
    """So that the claim above is not true of things that never worked."""
    _browser, answer = held(person, keeper)()

    assert answer.status_code in (200, 302)
    assert answer.get("Location", "").partition("?")[0] != "/signin/" or held is a_recovery_link
