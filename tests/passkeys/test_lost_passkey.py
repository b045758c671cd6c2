"""Somebody who has nothing but a passkey, and lost it: the other ways in (SECURITY C4, D4)."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from tests.accounts.flow import NEW_PASSWORD, delivered, link_in, recover, recovery_link
from tests.passkeys import flow
from tests.passkeys.authenticator import Authenticator
from tests.passkeys.conftest import with_passkey

pytestmark = [pytest.mark.django_db, pytest.mark.needs("accounts")]

LOST = "/recover/second-step/"


@pytest.fixture
def passkey(person):
    """Alice's only way in."""
    passkey = with_passkey(person)
    person.set_unusable_password()
    person.save()
    return passkey


def with_new_password(person):
    """A browser in which Alice has set a password by a mailed link, and signs in by it."""
    browser = Browser()
    recover(browser, recovery_link(person.email))
    given = {"identifier": person.email, "password": NEW_PASSWORD}
    assert browser.post("/signin/", given)["Location"] == flow.SECOND_STEP
    return browser


def test_the_mailbox_alone_lets_nobody_past_the_passkey(passkey, person):
    browser = with_new_password(person)

    assert flow.amr(browser) is None
    assert browser.get(flow.MANAGE)["Location"].startswith("/signin/")


def test_a_second_passkey_is_a_way_in(passkey, person):
    browser, other = Browser(), Authenticator()
    flow.use(browser, passkey)
    assert flow.add(browser, other).status_code == 302

    stranger = Browser()
    flow.use(stranger, other)

    assert flow.amr(stranger) == ["hwk", "user", "mfa"]


@pytest.mark.needs("mfa")
def test_recovery_codes_are_a_way_in_beside_a_new_password(passkey, person):
    browser = Browser()
    flow.use(browser, passkey)
    code = browser.post("/account/security/recovery-codes/").context["codes"][0]
    browser = with_new_password(person)
    challenge = "/signin/second-step/recovery-code/"
    assert f'href="{challenge}"' in flow.said(browser.get(flow.SECOND_STEP))

    assert browser.post(challenge, {"code": code}).status_code == 302

    assert flow.amr(browser) is not None


def test_after_some_days_one_gets_in_by_what_is_mailed_and_the_passkey_is_gone(passkey, person):
    from accounts.models import FactorRecovery

    browser = with_new_password(person)
    assert f'href="{LOST}"' in flow.said(browser.get(flow.SECOND_STEP))
    browser.post(LOST)
    waiting = FactorRecovery.objects.get()
    assert waiting.ready_at > timezone.now() + timedelta(days=1)
    browser.post(LOST)
    assert flow.amr(browser) is None

    FactorRecovery.objects.update(ready_at=timezone.now())
    browser.post(LOST)
    browser.get(link_in(delivered()[-1]))
    browser.post(f"{LOST}go-on/")

    given = {"identifier": person.email, "password": NEW_PASSWORD}
    Browser().post("/signin/", given)
    assert flow.use(Browser(), passkey).status_code == 400
