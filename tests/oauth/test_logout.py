"""RP-initiated logout (SECURITY A10, B13)."""

import pytest
from django.test import Client as Browser

from oauth.models import Grant
from ostiary.models import Session
from tests.oauth import flow

pytestmark = pytest.mark.django_db

RETURN_TO = "https://rp.example/"


@pytest.fixture
def tokens(confidential_client, signed_in_browser):
    confidential_client.post_logout_redirect_uris = RETURN_TO
    confidential_client.save()
    return flow.sign_in_tokens(signed_in_browser, confidential_client)


def is_signed_in() -> bool:
    return Session.objects.filter(ended_at__isnull=True).exists()


def test_with_the_id_token_of_this_session_the_person_goes_straight_back(tokens, signed_in_browser):
    answer = signed_in_browser.get(
        "/oauth/logout",
        {
            "id_token_hint": tokens["id_token"],
            "post_logout_redirect_uri": RETURN_TO,
            "state": "abc",
        },
    )

    assert answer.status_code == 302
    assert answer["Location"] == RETURN_TO + "?state=abc"
    assert not is_signed_in()


def test_without_a_hint_the_person_is_asked(tokens, signed_in_browser, confidential_client):
    url = f"/oauth/logout?client_id={confidential_client.client_id}"
    page = signed_in_browser.get(url)

    assert page.status_code == 200
    assert is_signed_in()

    signed_in_browser.post(url, {"decision": "deny"})
    assert is_signed_in()

    signed_in_browser.post(url, {"decision": "allow"})
    assert not is_signed_in()


def test_the_id_token_of_another_session_does_not_sign_out(tokens, person):
    elsewhere = Browser()
    elsewhere.force_login(person)

    answer = elsewhere.get("/oauth/logout", {"id_token_hint": tokens["id_token"]})

    assert answer.status_code == 200
    assert Session.objects.filter(ended_at__isnull=True).count() == 2


def test_an_unregistered_return_address_is_shown_not_followed(tokens, signed_in_browser):
    answer = signed_in_browser.get(
        "/oauth/logout",
        {
            "id_token_hint": tokens["id_token"],
            "post_logout_redirect_uri": "https://evil.example/",
        },
    )

    assert answer.status_code == 400
    assert is_signed_in()


def test_a_return_address_without_a_client_is_refused(signed_in_browser):
    answer = signed_in_browser.get("/oauth/logout", {"post_logout_redirect_uri": RETURN_TO})

    assert answer.status_code == 400


@pytest.mark.parametrize("hint", ["nonsense", "a.b.c", ""])
def test_a_hint_that_is_no_token_is_no_error_of_ours(hint, signed_in_browser):
    answer = signed_in_browser.get("/oauth/logout", {"id_token_hint": hint})

    assert answer.status_code in (200, 400)


def test_a_forged_decision_is_refused(person):
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(person)

    answer = browser.post("/oauth/logout", {"decision": "allow"})

    assert answer.status_code == 403
    assert is_signed_in()


def test_signing_out_ends_session_bound_refresh_tokens(tokens, signed_in_browser):
    Grant.objects.update(offline=False)

    signed_in_browser.get("/oauth/logout", {"id_token_hint": tokens["id_token"]})

    assert Grant.objects.get().revoked_reason == "session_ended"


def test_offline_access_outlives_the_session(tokens, signed_in_browser, confidential_client):
    Grant.objects.update(offline=True)
    signed_in_browser.get("/oauth/logout", {"id_token_hint": tokens["id_token"]})

    answer = flow.post_token(
        confidential_client, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert answer.status_code == 200
