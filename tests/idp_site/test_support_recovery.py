"""Recovery with the help of operators, where every app that keeps second factors is there."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client as Browser
from django.utils import timezone

from accounts import support
from accounts.models import SupportCase
from ostiary import factors
from tests.accounts import flow, helping

pytestmark = [pytest.mark.django_db, pytest.mark.needs("mfa")]


def make(email, **fields):
    person = get_user_model()(email=email, email_verified_at=timezone.now(), **fields)
    person.set_password(flow.PASSWORD)
    person.save()
    return person


@pytest.fixture
def app():
    """Alice's authenticator app."""
    from mfa.models import AuthenticatorApp

    return AuthenticatorApp.objects.create(
        user=make("alice@example.com"), key=AuthenticatorApp.new_key(), confirmed=True
    )


@pytest.fixture
def boss():
    """An operator who may do everything."""
    return make("boss@example.com", is_staff=True, is_superuser=True)


@pytest.mark.parametrize("resets", [False, True])
def test_the_link_removes_the_app_only_where_that_was_lost(app, boss, resets):
    helping.opened(boss, app.user, resets_factors=resets)

    browser, _ = helping.use(helping.the_link())

    assert bool(factors.factors_of(app.user)) != resets
    form = {"identifier": app.user.email, "password": flow.NEW_PASSWORD}
    answer = browser.post("/signin/", form)
    assert answer["Location"] == ("/account/" if resets else "/signin/second-step/app/")


def test_a_sign_in_with_the_app_stops_it(app, boss):
    helping.opened(boss, app.user, resets_factors=True)

    from tests.mfa.flow import sign_in

    browser = Browser()
    sign_in(browser, app)

    assert flow.is_signed_in(browser)
    assert SupportCase.objects.get().state == "stopped"
    assert support.of(app.user) is None
