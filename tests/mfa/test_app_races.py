"""One code, many requests at once: it is accepted once (SECURITY D1)."""

import pytest
from django.test import Client as Browser

from mfa.models import AuthenticatorApp
from tests.mfa import flow
from tests.mfa.conftest import make_person
from tests.parallel import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def app():
    return AuthenticatorApp.objects.create(
        user=make_person("alice@example.com"), key=AuthenticatorApp.new_key(), confirmed=True
    )


@pytest.mark.needs("accounts")
def test_of_20_parallel_sign_ins_with_one_code_one_succeeds(app, settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"second_factor": {"user": "100/hour"}}}
    browsers = [Browser() for _ in range(20)]
    for browser in browsers:
        flow.show_password(browser, app.user.email)
    waiting, code = iter(browsers), flow.code_of(app)

    answers = at_once(lambda: flow.enter(next(waiting), code), ways=20)

    assert sorted(answer.status_code for answer in answers) == [302] + [400] * 19
    assert sum(flow.is_signed_in(browser) for browser in browsers) == 1


def test_of_20_workers_that_know_the_row_as_it_was_one_accepts_the_code(app):
    rows = iter([AuthenticatorApp.objects.get(pk=app.pk) for _ in range(20)])
    code = flow.code_of(app)

    assert sorted(at_once(lambda: next(rows).accepts(code), ways=20)) == [False] * 19 + [True]


def test_of_20_parallel_guesses_exactly_the_limit_is_looked_at(app, monkeypatch):
    looked = []
    monkeypatch.setattr(AuthenticatorApp, "accepts", lambda self, code: bool(looked.append(code)))
    rows = iter([AuthenticatorApp.objects.get(pk=app.pk) for _ in range(20)])

    assert not any(at_once(lambda: next(rows).verify_token("000000"), ways=20))

    assert len(looked) == 10
