"""What signing in by a passkey costs, with sessions and throttles in a cache, as busy sites have
them."""

import pytest
from django.contrib.auth import hashers

from tests.accounts.flow import statements
from tests.passkeys import flow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("accounts")]


def test_a_sign_in_costs_eight_statements_and_no_hash(passkey, browser, settings, monkeypatch):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    flow.use(browser, passkey)
    browser.post("/signout/")
    answer = passkey.get(flow.options(browser, flow.SIGN_IN))
    monkeypatch.setattr(hashers, "get_hasher", lambda *_: pytest.fail("a password was hashed"))

    with statements() as done:
        signed_in = flow.send(browser, flow.SIGN_IN, answer)

    assert signed_in.status_code == 302
    assert len(done) <= 8, done
