"""npm's oidc-client-ts in Chromium: what it alone can do of the libraries for browsers."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def begin(open_application):
    """Opens the application and signs in to it."""

    def run(**chosen):
        application = open_application("oidc_client_ts", {}, **chosen)
        application.sign_in()
        return application

    return run


def test_after_it_revoked_its_token_it_renews_no_more(begin):
    application = begin()

    application.ask("revoke()")

    assert application.ask("renew().then(() => 'renewed', () => 'refused')") != "renewed"


@pytest.mark.parametrize("nonce", [False, True])
def test_its_tokens_are_bound_to_a_key_that_does_not_leave_the_browser(begin, settings, nonce):
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "DPOP_NONCE_REQUIRED": nonce}
    application = begin(dpop=True)

    before, userinfo = application.ask("who()"), application.ask("proven()")
    after = application.ask("renew()")

    assert before["type"] == after["type"] == "DPoP"
    assert bool(userinfo["nonce"]) is nonce
    assert userinfo["claims"]["email"] == "grace@example.com"
    assert after["token"] != before["token"]


def test_two_tabs_that_renew_at_once_stay_signed_in(begin, settings):
    # As the site has it; these tests do without, where they don't say so.
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "PUBLIC_REFRESH_GRACE_SECONDS": 10}
    one = begin()
    tabs = [one, one.other_tab()]

    for tab in tabs:
        tab.window.evaluate("() => { window.answer = app.renew() }")
    answers = [tab.window.evaluate("window.answer") for tab in tabs]
    later = [tab.ask("renew()") for tab in tabs]

    assert all(answer["claims"]["email"] == "grace@example.com" for answer in [*answers, *later])
