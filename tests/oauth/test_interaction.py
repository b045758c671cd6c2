"""What a person is asked before an answer: sign-in, account, consent (SECURITY A6, A9; OIDC Core
§3.1.2.1)."""

import time
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from django.test import Client as Browser

from oauth import id_token
from oauth.models import Consent, Grant
from ostiary import sessions
from tests.oauth import flow
from tests.oauth.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def next_of(response) -> str:
    """Where the sign-in page that the response leads to will send the person back."""
    assert response.status_code == 302
    location = urlsplit(response["Location"])
    assert location.path == "/signin/"
    return parse_qs(location.query)["next"][0]


def sign_in_again(browser, response, email="alice@example.com"):
    """Sign in at the page that the response leads to; the answer to the request that waits.

    Who is asked to set up a second factor or a passkey there, since the client wants one, puts it
    off.
    """
    next_of(response)
    form = {"identifier": email, "password": PASSWORD}
    query = dict(parse_qsl(urlsplit(response["Location"]).query))
    signed_in = browser.post(response["Location"], {**form, "next": query["next"]})
    assert signed_in.status_code == 302, signed_in.content
    step = urlsplit(signed_in["Location"]).path
    if step in {"/signin/second-step/set-up/", "/signin/passkey-set-up/"}:
        signed_in = browser.post(signed_in["Location"], {"later": "1"})
    assert signed_in["Location"] == query["next"]
    return browser.get(signed_in["Location"])


def claims_of(browser, client, response) -> dict:
    """What the ID token says that comes of an authorization response."""
    code = flow.answer_of(response)["code"]
    tokens = flow.redeem(client, code, response.verifier).json()
    return flow.said_by(tokens["id_token"])


def authorize(browser, client, **overrides):
    """An authorization request that remembers its verifier."""
    verifier = flow.new_verifier()
    response = flow.authorize(browser, client, verifier=verifier, **overrides)
    response.verifier = verifier
    return response


# --- sign-in --------------------------------------------------------------------------------------


@pytest.mark.needs("accounts")
def test_a_visitor_signs_in_and_comes_back_to_the_request(person, confidential_client):
    browser = Browser()

    asked = authorize(browser, confidential_client)
    consent_page = sign_in_again(browser, asked)
    answer = flow.answer_of(flow.allow(browser, consent_page))

    assert answer["state"] == "state-123"
    assert flow.redeem(confidential_client, answer["code"], asked.verifier).status_code == 200


def test_once_signed_in_and_allowed_the_code_comes_at_once(consenting_browser, confidential_client):
    answer = flow.answer_of(flow.authorize(consenting_browser, confidential_client))

    assert set(answer) == {"code", "state", "iss"}


def test_without_a_state_none_is_sent_back(consenting_browser, confidential_client):
    answer = flow.answer_of(flow.authorize(consenting_browser, confidential_client, state=None))

    assert set(answer) == {"code", "iss"}


def test_the_hint_is_handed_to_the_sign_in_page(confidential_client):
    asked = flow.authorize(Browser(), confidential_client, login_hint="alice@example.com")

    query = parse_qs(urlsplit(asked["Location"]).query)
    assert query["login_hint"] == ["alice@example.com"]


@pytest.mark.parametrize(
    ("overrides", "anew"),
    [
        ({}, False),
        ({"login_hint": "alice@example.com"}, False),
        ({"prompt": "consent"}, False),
        ({"prompt": "login"}, True),
        ({"prompt": "select_account"}, True),
        ({"max_age": "0"}, True),
        ({"max_age": "600"}, True),
        ({"acr_values": "phr"}, True),
        ({"claims": '{"id_token": {"sub": {"value": "x"}}}'}, True),
    ],
)
def test_a_visitor_is_asked_to_sign_in_anew_only_where_the_request_wants_it(
    confidential_client, overrides, anew
):
    """A sign-in in another tab is one for a request that wants no more than that."""
    asked = flow.authorize(Browser(), confidential_client, **overrides)

    assert ("reauthenticate" in parse_qs(urlsplit(asked["Location"]).query)) is anew


@pytest.mark.parametrize(
    "overrides", [{"prompt": "login"}, {"max_age": "0"}, {"login_hint": "bob@example.com"}]
)
def test_who_is_signed_in_is_asked_anew(consenting_browser, confidential_client, overrides):
    asked = flow.authorize(consenting_browser, confidential_client, **overrides)

    assert parse_qs(urlsplit(asked["Location"]).query)["reauthenticate"] == ["1"]


@pytest.mark.needs("accounts")
def test_a_tab_that_waited_for_somebody_else_is_not_answered_for_who_signed_in(
    person, other_person, confidential_client
):
    """SECURITY A9."""
    browser = Browser()
    waiting = flow.authorize(browser, confidential_client, login_hint="bob@example.com")
    browser.force_login(person)

    page = browser.get(waiting["Location"])

    assert page.status_code == 200
    assert b'value="bob@example.com"' in page.content


# --- prompt=none ----------------------------------------------------------------------------------


def test_prompt_none_of_a_visitor_is_login_required(confidential_client):
    answer = flow.answer_of(flow.authorize(Browser(), confidential_client, prompt="none"))

    assert answer["error"] == "login_required"


def test_prompt_none_without_consent_is_consent_required(signed_in_browser, confidential_client):
    answer = flow.answer_of(flow.authorize(signed_in_browser, confidential_client, prompt="none"))

    assert answer["error"] == "consent_required"


@pytest.mark.parametrize(
    "overrides",
    [
        {"max_age": "0"},
        {"login_hint": "bob@example.com"},
    ],
)
def test_prompt_none_never_shows_a_page(consenting_browser, confidential_client, overrides):
    response = flow.authorize(consenting_browser, confidential_client, prompt="none", **overrides)

    assert flow.answer_of(response)["error"] == "login_required"


def test_prompt_none_with_a_signed_in_and_consenting_person_gives_a_code(
    consenting_browser, confidential_client
):
    response = flow.authorize(
        consenting_browser, confidential_client, prompt="none", max_age="600", acr_values="phr"
    )

    assert "code" in flow.answer_of(response)


def test_prompt_none_on_a_loopback_redirect_of_a_public_client_is_consent_required(
    signed_in_browser, public_client
):
    uri = "http://127.0.0.1:8123/callback"
    flow.obtain_code(signed_in_browser, public_client, redirect_uri=uri)

    response = flow.authorize(signed_in_browser, public_client, redirect_uri=uri, prompt="none")

    assert flow.answer_of(response)["error"] == "consent_required"


# --- prompt=login, max_age ------------------------------------------------------------------------


@pytest.mark.needs("accounts")
@pytest.mark.parametrize("overrides", [{"prompt": "login"}, {"max_age": "0"}])
def test_the_person_authenticates_again_exactly_once(
    consenting_browser, confidential_client, overrides
):
    asked = authorize(consenting_browser, confidential_client, **overrides)

    answer = sign_in_again(consenting_browser, asked)

    assert "code" in flow.answer_of(answer)


@pytest.mark.parametrize("overrides", [{"prompt": "login"}, {"max_age": "0"}])
def test_coming_back_without_having_signed_in_asks_again(
    consenting_browser, confidential_client, overrides
):
    asked = authorize(consenting_browser, confidential_client, **overrides)

    again = consenting_browser.get(next_of(asked))

    next_of(again)
    assert Grant.objects.count() == 0


@pytest.mark.needs("accounts")
def test_every_request_with_prompt_login_asks_anew(consenting_browser, confidential_client):
    first = authorize(consenting_browser, confidential_client, prompt="login")
    sign_in_again(consenting_browser, first)

    next_of(authorize(consenting_browser, confidential_client, prompt="login"))


@pytest.mark.needs("accounts")
def test_a_ticket_is_good_for_its_own_request_only(consenting_browser, confidential_client):
    first = authorize(consenting_browser, confidential_client, prompt="login")
    ticket = parse_qs(urlsplit(next_of(first)).query)["interaction"][0]
    sign_in_again(consenting_browser, first)

    other = authorize(
        consenting_browser, confidential_client, prompt="login", state="other", interaction=ticket
    )

    next_of(other)


def test_a_ticket_from_somebody_else_does_not_stand_for_a_sign_in_before_it(
    consenting_browser, confidential_client, monkeypatch
):
    params = flow.authorization_params(confidential_client, flow.new_verifier(), prompt="login")
    with monkeypatch.context() as later:
        now = time.time()
        later.setattr("oauth.interaction.time.time", lambda: now + 5)
        theirs = next_of(Browser().get(flow.AUTHORIZE, params))

    next_of(consenting_browser.get(theirs))


@pytest.mark.parametrize("ticket", ["", "nonsense", "a:b:c", "é" * 10, "x" * 3000])
def test_a_forged_ticket_counts_for_nothing(consenting_browser, confidential_client, ticket):
    next_of(authorize(consenting_browser, confidential_client, prompt="login", interaction=ticket))


def test_max_age_is_kept_by_a_fresh_enough_sign_in(consenting_browser, confidential_client):
    response = authorize(consenting_browser, confidential_client, max_age="600")

    claims = claims_of(consenting_browser, confidential_client, response)
    assert abs(time.time() - claims["auth_time"]) < 600


@pytest.mark.needs("accounts")
def test_max_age_asks_for_a_new_sign_in_after_an_old_one(consenting_browser, confidential_client):
    session = consenting_browser.session
    session["ostiary.assurance"] = {
        **session["ostiary.assurance"],
        "auth_time": int(time.time()) - 700,
    }
    session.save()

    assert "code" in flow.answer_of(
        authorize(consenting_browser, confidential_client, max_age="800")
    )
    asked = authorize(consenting_browser, confidential_client, max_age="600")
    answer = sign_in_again(consenting_browser, asked)
    answer.verifier = asked.verifier

    assert claims_of(consenting_browser, confidential_client, answer)["auth_time"] > (
        time.time() - 600
    )


def registered_max_age(client, seconds):
    client.metadata = {"default_max_age": seconds}
    client.save()


@pytest.mark.parametrize(("default", "error"), [(0, "login_required"), (600, None), (None, None)])
def test_the_registered_max_age_holds_where_the_request_says_nothing(
    consenting_browser, confidential_client, default, error
):
    registered_max_age(confidential_client, default)

    response = flow.authorize(consenting_browser, confidential_client, prompt="none")

    assert flow.answer_of(response).get("error") == error


@pytest.mark.parametrize(
    ("default", "asked", "error"), [(0, "600", None), (600, "0", "login_required")]
)
def test_the_max_age_of_the_request_goes_before_the_registered_one(
    consenting_browser, confidential_client, default, asked, error
):
    registered_max_age(confidential_client, default)

    response = flow.authorize(consenting_browser, confidential_client, prompt="none", max_age=asked)

    assert flow.answer_of(response).get("error") == error


# --- acr ------------------------------------------------------------------------------------------


@pytest.mark.needs("accounts")
def test_a_wished_acr_that_is_not_reached_is_asked_for_once_and_told_truthfully(
    consenting_browser, confidential_client
):
    asked = authorize(
        consenting_browser, confidential_client, acr_values="phr urn:ostiary:aal2 other"
    )
    assert "acr_values=phr+urn%3Aostiary%3Aaal2+other" in asked["Location"]

    answer = sign_in_again(consenting_browser, asked)
    answer.verifier = asked.verifier
    claims = claims_of(consenting_browser, confidential_client, answer)

    assert claims["acr"] == "urn:ostiary:aal1"
    assert claims["amr"] == ["pwd"]


def test_a_wished_acr_that_is_reached_costs_nothing(consenting_browser, confidential_client):
    response = authorize(
        consenting_browser, confidential_client, acr_values="urn:ostiary:aal2 urn:ostiary:aal1"
    )

    claims = claims_of(consenting_browser, confidential_client, response)
    assert claims["acr"] == "urn:ostiary:aal1"


@pytest.mark.needs("accounts")
def test_a_required_acr_that_the_person_cannot_reach_is_an_error(
    consenting_browser, confidential_client
):
    confidential_client.required_acr = "urn:ostiary:aal2"
    confidential_client.save()

    asked = authorize(consenting_browser, confidential_client)
    answer = flow.answer_of(sign_in_again(consenting_browser, asked))

    assert answer["error"] == "unmet_authentication_requirements"
    silent = flow.authorize(consenting_browser, confidential_client, prompt="none")
    assert flow.answer_of(silent)["error"] == "login_required"
    assert Grant.objects.count() == 0


# --- select_account -------------------------------------------------------------------------------


def test_select_account_shows_whom_and_goes_on(consenting_browser, confidential_client):
    page = authorize(consenting_browser, confidential_client, prompt="select_account")
    assert page.status_code == 200
    assert b"alice@example.com" in page.content

    chosen = consenting_browser.post(flow.url_of(page), {"decision": "continue"})

    assert "code" in flow.answer_of(consenting_browser.get(chosen["Location"]))


@pytest.mark.needs("accounts")
def test_select_account_lets_another_person_sign_in(
    consenting_browser, confidential_client, other_person
):
    page = authorize(consenting_browser, confidential_client, prompt="select_account")
    other = page.context["other_url"]
    signed_in = consenting_browser.post(
        other,
        {
            "identifier": "bob@example.com",
            "password": PASSWORD,
            "next": parse_qs(urlsplit(other).query)["next"][0],
        },
    )

    consent_page = consenting_browser.get(signed_in["Location"])
    flow.allow(consenting_browser, consent_page)

    assert Grant.objects.get().user == other_person


@pytest.mark.needs("accounts")
def test_select_account_with_login_is_one_sign_in(consenting_browser, confidential_client):
    asked = authorize(consenting_browser, confidential_client, prompt="login select_account")

    assert "code" in flow.answer_of(sign_in_again(consenting_browser, asked))


def test_the_choice_of_an_account_cannot_be_forged(person, confidential_client):
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(person)
    page = flow.authorize(browser, confidential_client, prompt="select_account")

    assert browser.post(flow.url_of(page), {"decision": "continue"}).status_code == 403


# --- hints (A9) -----------------------------------------------------------------------------------


@pytest.mark.parametrize("hint", ["alice@example.com", "ALICE@example.com ", "sub"])
def test_a_hint_at_the_signed_in_person_changes_nothing(
    consenting_browser, confidential_client, person, hint
):
    hint = str(person.pk) if hint == "sub" else hint

    answer = flow.authorize(consenting_browser, confidential_client, login_hint=hint)

    assert "code" in flow.answer_of(answer)


@pytest.mark.needs("accounts")
def test_a_login_hint_at_another_asks_to_sign_in(
    consenting_browser, confidential_client, other_person
):
    asked = authorize(consenting_browser, confidential_client, login_hint="bob@example.com")

    consent_page = sign_in_again(consenting_browser, asked, "bob@example.com")
    flow.allow(consenting_browser, consent_page)

    assert Grant.objects.get().user == other_person


def test_an_id_token_hint_of_the_signed_in_person_changes_nothing(
    signed_in_browser, confidential_client
):
    hint = flow.sign_in_tokens(signed_in_browser, confidential_client)["id_token"]

    answer = flow.authorize(
        signed_in_browser, confidential_client, id_token_hint=hint, prompt="none"
    )

    assert "code" in flow.answer_of(answer)


@pytest.mark.needs("accounts")
def test_an_id_token_hint_of_another_is_never_answered_with_a_code(
    signed_in_browser, confidential_client, other_person
):
    theirs = Browser()
    theirs.force_login(other_person)
    hint = flow.sign_in_tokens(theirs, confidential_client)["id_token"]
    flow.obtain_code(signed_in_browser, confidential_client)

    silent = flow.authorize(
        signed_in_browser, confidential_client, id_token_hint=hint, prompt="none"
    )
    assert flow.answer_of(silent)["error"] == "login_required"

    asked = authorize(signed_in_browser, confidential_client, id_token_hint=hint)
    as_alice_again = sign_in_again(signed_in_browser, asked)
    assert flow.answer_of(as_alice_again)["error"] == "login_required"

    asked = authorize(signed_in_browser, confidential_client, id_token_hint=hint)
    as_bob = sign_in_again(signed_in_browser, asked, "bob@example.com")
    assert "code" in flow.answer_of(as_bob)


def test_an_expired_id_token_still_hints(signed_in_browser, confidential_client):
    confidential_client.id_token_lifetime = 0
    confidential_client.save()
    hint = flow.sign_in_tokens(signed_in_browser, confidential_client)["id_token"]

    assert id_token.verify_hint(hint)["aud"] == confidential_client.client_id
    answer = flow.authorize(signed_in_browser, confidential_client, id_token_hint=hint)
    assert "code" in flow.answer_of(answer)


@pytest.mark.parametrize("forge", ["access_token", "altered"])
def test_an_id_token_hint_that_is_none_is_an_error(signed_in_browser, confidential_client, forge):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)
    hint = tokens["access_token"] if forge == "access_token" else tokens["id_token"][:-6] + "AAAAAA"

    answer = flow.authorize(signed_in_browser, confidential_client, id_token_hint=hint)

    assert flow.answer_of(answer)["error"] == "invalid_request"


# --- who is signed in -----------------------------------------------------------------------------


def test_an_ended_session_is_a_visitor(consenting_browser, confidential_client, person):
    sessions.end_all(person, "operator")

    next_of(flow.authorize(consenting_browser, confidential_client))


def test_a_disabled_person_is_a_visitor(consenting_browser, confidential_client, person):
    person.is_active = False
    person.save()

    next_of(flow.authorize(consenting_browser, confidential_client))


@pytest.mark.needs("accounts")
def test_a_pending_sign_in_is_a_visitor(confidential_client, person, settings):
    settings.OSTIARY = {
        **settings.OSTIARY,
        "SIGNIN_STEPS": [f"{__name__}.SecondFactor"],
    }
    browser = Browser()
    asked = flow.authorize(browser, confidential_client)
    stopped = browser.post(
        asked["Location"],
        {"identifier": person.email, "password": PASSWORD, "next": next_of(asked)},
    )
    assert urlsplit(stopped["Location"]).path == "/second-factor/"

    next_of(flow.authorize(browser, confidential_client))
    silent = flow.authorize(browser, confidential_client, prompt="none")
    assert flow.answer_of(silent)["error"] == "login_required"
    assert Consent.objects.count() == Grant.objects.count() == 0


class SecondFactor:
    """A step that nobody in this test passes."""

    name = "second-factor"

    def is_required(self, request, user, pending):
        return True

    def url(self, request):
        return "/second-factor/"
