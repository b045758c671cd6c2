"""The second step of a sign-in by an authenticator app (SECURITY C7, D1, H3, H7)."""

import pytest
from django_otp import DEVICE_ID_SESSION_KEY

from tests.mfa import flow

pytestmark = pytest.mark.needs("accounts")


def test_a_code_completes_the_sign_in(browser, app):
    answer = flow.show_password(browser, app.user.email)
    assert answer.url == flow.CHALLENGE
    assert not flow.is_signed_in(browser)
    answer = flow.enter(browser, flow.code_of(app))
    assert answer.url == "/account/"
    assert flow.is_signed_in(browser)
    assert browser.session[DEVICE_ID_SESSION_KEY] == app.persistent_id
    assert browser.session["ostiary.assurance"]["amr"] == ["pwd", "otp", "mfa"]
