"""npm's oidc-client-ts in Chromium without a refresh token: it asks for new tokens in a frame."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def issuer(secure_issuer):
    """By https: where another program could receive the redirect, people are asked every time."""
    return secure_issuer


@pytest.fixture
def application(open_application):
    """The application, on another origin of the same site."""
    fields = {"grant_types": ["authorization_code"]}
    return open_application("oidc_client_ts", fields, secure=True, scope="openid email")


def test_it_renews_in_a_frame_while_the_person_is_signed_in(application):
    before = application.sign_in()

    after = application.ask("renew()")

    assert after["token"] != before["token"]
    assert after["claims"]["sub"] == before["claims"]["sub"]


def test_it_is_told_in_the_frame_that_nobody_is_signed_in(application):
    application.sign_in()
    application.window.context.clear_cookies()

    assert "login_required" in application.ask("renew().catch((error) => error.error)")
