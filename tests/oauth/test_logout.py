"""RP-initiated logout (SECURITY A10, B13)."""

import pytest
from django.test import Client as Browser

from oauth import cleanup, keys
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


def test_staying_signed_in_leads_back_into_the_site(tokens, signed_in_browser):
    answer = signed_in_browser.post(
        "/oauth/logout?client_id=x",
        {"decision": "deny"},
    )

    assert answer.status_code == 302
    assert answer["Location"] == "/account/"
    assert is_signed_in()


def test_a_request_may_come_as_a_form(tokens, signed_in_browser):
    """A cross-site POST comes without our cookies: it is made a navigation of its own."""
    moved = signed_in_browser.post("/oauth/logout", {"id_token_hint": tokens["id_token"]})
    assert moved.status_code == 302
    assert is_signed_in()

    assert signed_in_browser.get(moved["Location"]).status_code == 200
    assert not is_signed_in()


def test_a_form_that_is_too_long_is_refused(signed_in_browser):
    assert signed_in_browser.post("/oauth/logout", {"state": "x" * 20_000}).status_code == 400


def test_an_expired_id_token_still_names_its_session(
    confidential_client, signed_in_browser, tokens
):
    confidential_client.id_token_lifetime = 0
    confidential_client.save()
    expired = flow.sign_in_tokens(signed_in_browser, confidential_client)["id_token"]

    signed_in_browser.get("/oauth/logout", {"id_token_hint": expired})

    assert not is_signed_in()


def test_an_id_token_signed_before_a_rotation_still_names_its_session(tokens, signed_in_browser):
    keys.rotate("RS256")
    cleanup.remove_retired_keys()

    signed_in_browser.get("/oauth/logout", {"id_token_hint": tokens["id_token"]})

    assert not is_signed_in()


def test_an_access_token_is_no_hint(tokens, signed_in_browser):
    answer = signed_in_browser.get("/oauth/logout", {"id_token_hint": tokens["access_token"]})

    assert answer.status_code == 400
    assert is_signed_in()


def test_client_id_and_hint_must_agree(tokens, signed_in_browser, public_client):
    answer = signed_in_browser.get(
        "/oauth/logout",
        {"id_token_hint": tokens["id_token"], "client_id": public_client.client_id},
    )

    assert answer.status_code == 400
    assert is_signed_in()


@pytest.mark.parametrize("state", ["x" * 1025, "a\r\nb", "\x00"])
def test_a_state_that_cannot_be_sent_back_is_refused(tokens, signed_in_browser, state):
    answer = signed_in_browser.get(
        "/oauth/logout",
        {
            "id_token_hint": tokens["id_token"],
            "post_logout_redirect_uri": RETURN_TO,
            "state": state,
        },
    )

    assert answer.status_code == 400
    assert is_signed_in()


def test_repeated_parameters_are_refused(tokens, signed_in_browser):
    answer = signed_in_browser.get("/oauth/logout?state=1&state=2")

    assert answer.status_code == 400


def test_a_disabled_client_leads_nowhere(tokens, signed_in_browser, confidential_client):
    confidential_client.enabled = False
    confidential_client.save()

    answer = signed_in_browser.get(
        "/oauth/logout",
        {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": RETURN_TO},
    )

    assert answer.status_code == 400


def test_the_page_that_asks_may_lead_to_the_return_address(
    tokens, signed_in_browser, confidential_client
):
    page = signed_in_browser.get(
        "/oauth/logout",
        {"client_id": confidential_client.client_id, "post_logout_redirect_uri": RETURN_TO},
    )

    assert b"asks to sign you out" in page.content
    assert "form-action 'self' https://rp.example" in page["Content-Security-Policy"]
    decided = signed_in_browser.post(flow.url_of(page), {"decision": "allow"})
    assert decided["Location"] == RETURN_TO


def test_a_visitor_is_sent_on_without_a_question(confidential_client, tokens):
    answer = Browser().get(
        "/oauth/logout",
        {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": RETURN_TO},
    )

    assert answer["Location"] == RETURN_TO


def test_pages_of_the_account_do_not_come_back_after_the_sign_out(tokens, signed_in_browser):
    """SECURITY C10."""
    page = signed_in_browser.get("/oauth/logout", {"id_token_hint": tokens["id_token"]})

    assert page["Clear-Site-Data"] == '"cache"'


@pytest.mark.parametrize("stranger", ["nobody", "\x00", "é" * 300])
def test_an_unknown_client_leads_nowhere(tokens, signed_in_browser, stranger):
    given = {"client_id": stranger, "post_logout_redirect_uri": RETURN_TO}

    assert signed_in_browser.get("/oauth/logout", given).status_code == 400
    assert is_signed_in()


def test_client_id_alone_may_name_the_return_address(tokens, confidential_client):
    answer = Browser().get(
        "/oauth/logout",
        {
            "client_id": confidential_client.client_id,
            "post_logout_redirect_uri": RETURN_TO,
            "state": "s",
        },
    )

    assert answer["Location"] == RETURN_TO + "?state=s"


def test_hints_of_language_and_person_change_nothing_of_the_question(tokens, signed_in_browser):
    """`logout_hint` is the word of whoever wrote the link: it never spares the question."""
    sid = str(Session.objects.get().pk)
    for given in ({"logout_hint": sid}, {"ui_locales": "xx-not-a-locale de \x00"}):
        page = signed_in_browser.get("/oauth/logout", given)

        assert page.status_code == 200
        assert b'name="decision"' in page.content
        assert is_signed_in()


def test_the_id_token_of_another_person_is_asked_about(tokens, other_person):
    elsewhere = Browser()
    elsewhere.force_login(other_person)

    page = elsewhere.get(
        "/oauth/logout",
        {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": RETURN_TO},
    )

    assert b'name="decision"' in page.content
    assert Session.objects.filter(ended_at__isnull=True, user=other_person).exists()


@pytest.mark.parametrize(
    "target",
    [
        RETURN_TO + "x",
        RETURN_TO.upper(),
        "https://rp.example",
        "https://rp.example//",
        "https://rp.example/#f",
        "https://rp.example@evil.example/",
        "//rp.example/",
        "/account/",
        "javascript:alert(1)",
    ],
)
def test_a_return_address_is_compared_as_a_string(tokens, target):
    """SECURITY A10."""
    answer = Browser().get(
        "/oauth/logout",
        {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": target},
    )

    assert answer.status_code == 400
