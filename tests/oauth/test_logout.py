"""RP-initiated logout (SECURITY A10, B13)."""

import re
from urllib.parse import urlencode

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


def leads_away(answer) -> bool:
    """Whether the answer takes the person to another site, or offers to."""
    page = answer.content.decode()
    main = page[page.index("<main") : page.index("</main>")] if "<main" in page else ""
    links = re.findall(r'(?:href|action)="(?!/)', main)
    return bool(flow.led_on_to(answer) or answer.has_header("Refresh") or links)


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


def test_the_page_that_asks_may_lead_to_the_return_address(
    tokens, signed_in_browser, confidential_client
):
    page = signed_in_browser.get(
        "/oauth/logout",
        {"client_id": confidential_client.client_id, "post_logout_redirect_uri": RETURN_TO},
    )

    assert b"asks to sign you out" in page.content
    decided = signed_in_browser.post(flow.url_of(page), {"decision": "allow"})
    assert flow.led_on_to(decided) == RETURN_TO


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
    assert not leads_away(answer)


# --- a request that leads back to nobody: it still leads to a sign-out (§4) -----------------------

LEADING_NOWHERE = {
    "neither client_id nor hint": {"post_logout_redirect_uri": RETURN_TO},
    "an unknown client": {"client_id": "nobody", "post_logout_redirect_uri": RETURN_TO},
    "a client_id with a NUL": {"client_id": "\x00", "post_logout_redirect_uri": RETURN_TO},
    "a client_id that is too long": {
        "client_id": "é" * 300,
        "post_logout_redirect_uri": RETURN_TO,
    },
    "an unregistered address": {
        "client_id": "{client_id}",
        "post_logout_redirect_uri": "https://evil.example/",
    },
    "a hint that is no token": {"client_id": "{client_id}", "id_token_hint": "nonsense"},
    "a hint of a key that is gone": {
        "id_token_hint": "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.e30.c2ln"
    },
    "an access token as a hint": {"id_token_hint": "{access_token}"},
    "a hint of another client": {"client_id": "{other_client_id}", "id_token_hint": "{id_token}"},
    "a state that is too long": {
        "client_id": "{client_id}",
        "post_logout_redirect_uri": RETURN_TO,
        "state": "x" * 20_000,
    },
    "a state with a line break": {
        "client_id": "{client_id}",
        "post_logout_redirect_uri": RETURN_TO,
        "state": "a\r\nb",
    },
    "a state with a NUL": {
        "client_id": "{client_id}",
        "post_logout_redirect_uri": RETURN_TO,
        "state": "\x00",
    },
    "a parameter that is repeated": {"client_id": "{client_id}", "state": ["1", "2"]},
}


@pytest.fixture(params=LEADING_NOWHERE)
def nowhere(request, tokens, confidential_client, public_client):
    """The parameters of a request that can't be redirected."""
    known = {
        **tokens,
        "client_id": confidential_client.client_id,
        "other_client_id": public_client.client_id,
    }
    return {
        name: value.format(**known) if isinstance(value, str) else value
        for name, value in LEADING_NOWHERE[request.param].items()
    }


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_person_may_sign_out_and_is_told_that_it_ends_here(
    tokens, signed_in_browser, nowhere, method
):
    page = getattr(signed_in_browser, method)("/oauth/logout", nowhere, follow=True)

    assert page.status_code == 200
    assert b"You won" in page.content
    assert b"For the developer" in page.content
    assert not leads_away(page)
    assert is_signed_in()

    action = re.search(r'<form method="post" action="([^"]+)"', page.content.decode())
    done = signed_in_browser.post(action[1], {"decision": "allow"})

    assert done.status_code == 200
    assert "You’re signed out" in done.content.decode()
    assert not leads_away(done)
    assert not is_signed_in()


def test_a_visitor_is_told_that_it_ends_here(nowhere):
    page = Browser().get("/oauth/logout", nowhere)

    assert page.status_code == 400
    assert b"We can" in page.content
    assert not leads_away(page)


@pytest.mark.parametrize("of_a_disabled_client", [False, True])
def test_with_the_id_token_of_this_session_it_is_a_sign_out_all_the_same(
    tokens, signed_in_browser, confidential_client, of_a_disabled_client
):
    target = RETURN_TO
    if of_a_disabled_client:
        confidential_client.enabled = False
        confidential_client.save()
    else:
        target = "https://evil.example/"

    page = signed_in_browser.get(
        "/oauth/logout",
        {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": target},
    )

    assert "You’re signed out" in page.content.decode()
    assert not leads_away(page)
    assert not is_signed_in()


def test_the_developer_reads_what_was_sent_and_what_is_registered(
    tokens, signed_in_browser, confidential_client
):
    page = signed_in_browser.get(
        "/oauth/logout",
        {
            "client_id": confidential_client.client_id,
            "post_logout_redirect_uri": "https://rp.example/bye",
        },
    ).content.decode()

    assert "<code>post_logout_redirect_uri</code>" in page
    assert '<code dir="ltr">https://rp.example/bye</code>' in page
    assert f'<code dir="ltr">{RETURN_TO}</code>' in page


# --- long requests (§2: POST as GET) --------------------------------------------------------------


@pytest.fixture
def in_many_groups(settings):
    settings.OSTIARY_OAUTH = {
        **settings.OSTIARY_OAUTH,
        "CLAIMS_HOOKS": ["tests.oauth.test_logout.hundred_groups"],
    }


def hundred_groups(*_):
    """A hook that makes tokens long."""
    return {"groups": [f"group-of-people-with-a-long-name-{n:03}" for n in range(100)]}


def test_an_id_token_that_is_too_long_for_a_query_is_taken_by_post(
    in_many_groups, tokens, signed_in_browser
):
    assert len(tokens["id_token"]) > 5000
    moved = signed_in_browser.post(
        "/oauth/logout",
        {
            "id_token_hint": tokens["id_token"],
            "post_logout_redirect_uri": RETURN_TO,
            "state": "abc",
            "something": "x" * 10_000,
        },
    )

    assert len(moved["Location"]) < 1000
    back = signed_in_browser.get(moved["Location"])
    assert back["Location"] == RETURN_TO + "?state=abc"
    assert not is_signed_in()


@pytest.mark.parametrize("character", ["a", "=", "é", "漢", "👪"])
def test_a_state_of_8_kib_is_taken_by_post_however_long_it_is_in_an_address(
    tokens, signed_in_browser, character
):
    state = character * 8192
    moved = signed_in_browser.post(
        "/oauth/logout",
        {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": RETURN_TO}
        | {"state": state},
    )

    assert moved.status_code == 302
    back = signed_in_browser.get(moved["Location"])
    assert back["Location"] == f"{RETURN_TO}?{urlencode({'state': state})}"
    assert not is_signed_in()


def test_what_an_id_token_said_cannot_be_made_up(tokens, signed_in_browser, confidential_client):
    moved = signed_in_browser.post("/oauth/logout", {"id_token_hint": tokens["id_token"]})
    other = moved["Location"][:-1] + ("A" if moved["Location"][-1] != "A" else "B")

    page = signed_in_browser.get(other)

    assert b"not an ID token of this server" in page.content
    assert is_signed_in()


def test_a_token_of_any_length_is_no_error_of_ours(signed_in_browser):
    for token in ("x" * 1_000_000, ".".join(["e30" * 100_000] * 3)):
        page = signed_in_browser.post("/oauth/logout", {"id_token_hint": token}, follow=True)

        assert page.status_code == 200
        assert is_signed_in()
