"""The ``claims`` parameter (OIDC Core §5.5): what is asked for by name, and what is demanded of the
sign-in."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from oauth import requested_claims
from oauth.models import Client, Consent, Grant
from tests.oauth import flow
from tests.oauth.test_interaction import sign_in_again

pytestmark = pytest.mark.django_db


def ask(browser, client, claims, **overrides):
    """An authorization request with this ``claims`` parameter, in JSON or as it is."""
    text = claims if isinstance(claims, str) else json.dumps(claims)
    return flow.authorize(browser, client, claims=text, **{"scope": "openid", **overrides})


def tokens_for(browser, client, claims, **overrides):
    text = json.dumps(claims)
    return flow.sign_in_tokens(browser, client, claims=text, **{"scope": "openid", **overrides})


# --- claims by name -------------------------------------------------------------------------------


def test_a_claim_comes_where_it_was_asked_for_and_nowhere_else(
    signed_in_browser, confidential_client
):
    tokens = tokens_for(
        signed_in_browser,
        confidential_client,
        {"id_token": {"email": None}, "userinfo": {"email_verified": {"essential": True}}},
    )

    told = flow.said_by(tokens["id_token"])
    assert told["email"] == "alice@example.com"
    assert "email_verified" not in told
    answer = flow.userinfo(tokens["access_token"]).json()
    assert answer.keys() == {"sub", "email_verified"}
    assert tokens["scope"] == "openid"


def test_nothing_is_released_that_was_not_asked_for(signed_in_browser, confidential_client):
    tokens = tokens_for(signed_in_browser, confidential_client, {"userinfo": None})

    assert flow.userinfo(tokens["access_token"]).json().keys() == {"sub"}
    assert Grant.objects.get().claims == ""


def test_the_person_is_asked_about_the_scope_that_covers_a_claim(
    signed_in_browser, confidential_client, person
):
    flow.obtain_code(signed_in_browser, confidential_client, scope="openid")

    page = ask(signed_in_browser, confidential_client, {"userinfo": {"email": None}})

    assert b"See your email address" in page.content
    assert b"See your name" not in page.content
    flow.allow(signed_in_browser, page)
    assert set(Consent.objects.get().scopes) == {"openid", "email"}


def test_without_that_consent_no_claim_is_released(signed_in_browser, confidential_client):
    flow.obtain_code(signed_in_browser, confidential_client, scope="openid")

    response = ask(
        signed_in_browser, confidential_client, {"id_token": {"email": None}}, prompt="none"
    )

    assert flow.answer_of(response)["error"] == "consent_required"


def test_a_claim_of_a_scope_that_the_client_may_not_have_is_left_out(
    signed_in_browser, confidential_client
):
    confidential_client.scopes = ["openid"]
    confidential_client.save()

    tokens = tokens_for(
        signed_in_browser,
        confidential_client,
        {"id_token": {"email": {"essential": True}, "shoe_size": {"essential": True}}},
    )

    assert not {"email", "shoe_size"} & flow.said_by(tokens["id_token"]).keys()


def test_a_scope_taken_from_the_client_takes_its_claims(signed_in_browser, confidential_client):
    tokens = tokens_for(signed_in_browser, confidential_client, {"userinfo": {"email": None}})
    assert "email" in flow.userinfo(tokens["access_token"]).json()

    Client.objects.update(scopes=["openid"])

    assert "email" not in flow.userinfo(tokens["access_token"]).json()


def test_a_refreshed_id_token_has_the_claims_too(signed_in_browser, confidential_client):
    tokens = tokens_for(signed_in_browser, confidential_client, {"id_token": {"email": None}})

    again = flow.refresh(confidential_client, tokens["refresh_token"]).json()

    assert flow.said_by(again["id_token"])["email"] == "alice@example.com"


def test_no_claim_of_the_protocol_can_be_replaced(signed_in_browser, confidential_client, person):
    forged = {"value": "forged", "essential": False}
    tokens = tokens_for(
        signed_in_browser,
        confidential_client,
        {"id_token": dict.fromkeys(["iss", "aud", "exp", "amr", "nonce"], forged)},
    )

    told = flow.said_by(tokens["id_token"])
    assert told["sub"] == str(person.pk)
    assert told["iss"] == "http://localhost:8000"
    assert told["nonce"] == "nonce-456"


def test_without_openid_the_parameter_means_nothing(signed_in_browser, confidential_client):
    response = ask(signed_in_browser, confidential_client, "nonsense", scope="email")

    assert response.status_code == 200


def test_auth_time_is_always_told(signed_in_browser, confidential_client):
    tokens = tokens_for(
        signed_in_browser, confidential_client, {"id_token": {"auth_time": {"essential": True}}}
    )

    assert flow.said_by(tokens["id_token"])["auth_time"] > 0


def test_pushed_and_plain_mean_the_same(signed_in_browser, confidential_client):
    verifier = flow.new_verifier()
    pushed = flow.push(
        confidential_client,
        verifier=verifier,
        scope="openid",
        claims=json.dumps({"id_token": {"email": None}}),
    )
    page = flow.come(signed_in_browser, confidential_client, pushed)

    code = flow.answer_of(flow.allow(signed_in_browser, page))["code"]

    tokens = flow.redeem(confidential_client, code, verifier).json()
    assert flow.said_by(tokens["id_token"])["email"] == "alice@example.com"


# --- sub ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["id_token", "userinfo"])
def test_the_sub_of_the_person_changes_nothing(
    signed_in_browser, confidential_client, person, place
):
    sub = {"value": str(person.pk)}

    response = ask(signed_in_browser, confidential_client, {place: {"sub": sub}})

    assert response.status_code == 200  # the consent page


@pytest.mark.parametrize(
    "sub", [{"value": "somebody"}, {"values": ["somebody", "else"]}, {"values": []}]
)
def test_the_sub_of_another_is_login_required(signed_in_browser, confidential_client, sub):
    claims = {"id_token": {"sub": sub}}

    silent = ask(signed_in_browser, confidential_client, claims, prompt="none")
    loud = ask(signed_in_browser, confidential_client, claims)

    assert flow.answer_of(silent)["error"] == "login_required"
    assert urlsplit(loud["Location"]).path == "/signin/"


def test_who_is_named_twice_must_be_both(signed_in_browser, confidential_client, person):
    claims = {
        "id_token": {"sub": {"value": str(person.pk)}},
        "userinfo": {"sub": {"value": "somebody"}},
    }

    response = ask(signed_in_browser, confidential_client, claims, prompt="none")

    assert flow.answer_of(response)["error"] == "login_required"


def test_a_hint_and_a_sub_must_agree(signed_in_browser, confidential_client, person):
    hint = flow.sign_in_tokens(signed_in_browser, confidential_client)["id_token"]

    def error_of(sub):
        response = ask(
            signed_in_browser,
            confidential_client,
            {"id_token": {"sub": {"value": sub}}},
            id_token_hint=hint,
            prompt="none",
        )
        return flow.answer_of(response).get("error")

    assert error_of(str(person.pk)) is None
    assert error_of("somebody") == "login_required"


# --- acr ------------------------------------------------------------------------------------------


def test_a_wished_acr_is_asked_for_at_sign_in(signed_in_browser, confidential_client):
    acr = {"values": ["urn:ostiary:aal2", "phr"]}

    response = ask(signed_in_browser, confidential_client, {"id_token": {"acr": acr}})

    query = parse_qs(urlsplit(response["Location"]).query)
    assert query["acr_values"] == ["urn:ostiary:aal2 phr"]


def test_a_wished_acr_that_is_not_met_is_no_error(signed_in_browser, confidential_client):
    flow.obtain_code(signed_in_browser, confidential_client)

    response = ask(
        signed_in_browser,
        confidential_client,
        {"id_token": {"acr": {"value": "phr"}}},
        prompt="none",
    )

    assert "code" in flow.answer_of(response)
    assert Grant.objects.latest("created").acr == "urn:ostiary:aal1"


def test_an_essential_acr_that_is_met_is_reported(signed_in_browser, confidential_client):
    tokens = tokens_for(
        signed_in_browser,
        confidential_client,
        {"id_token": {"acr": {"essential": True, "values": ["phr", "urn:ostiary:aal1"]}}},
    )

    assert flow.said_by(tokens["id_token"])["acr"] == "urn:ostiary:aal1"


def test_an_essential_acr_without_values_asks_for_nothing_more(
    signed_in_browser, confidential_client
):
    claims = {"id_token": {"acr": {"essential": True}}}

    assert ask(signed_in_browser, confidential_client, claims).status_code == 200


def test_an_essential_acr_that_is_not_met_never_gives_a_code(
    signed_in_browser, confidential_client
):
    flow.obtain_code(signed_in_browser, confidential_client)

    response = ask(
        signed_in_browser,
        confidential_client,
        {"id_token": {"acr": {"essential": True, "value": "phr"}}},
        prompt="none",
    )

    assert flow.answer_of(response)["error"] == "login_required"


@pytest.mark.needs("accounts")
def test_an_essential_acr_that_the_person_cannot_reach_is_an_error_of_its_own(
    person, confidential_client
):
    browser = Browser()
    asked = ask(
        browser,
        confidential_client,
        {"id_token": {"acr": {"essential": True, "value": "phr"}}},
    )

    answer = flow.answer_of(sign_in_again(browser, asked))

    assert answer["error"] == "unmet_authentication_requirements"


# --- hostile input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        "nonsense",
        "[]",
        "7",
        "null",
        '"text"',
        '{"id_token": []}',
        '{"id_token": "email"}',
        '{"id_token": {"email": true}}',
        '{"id_token": {"email": {"essential": "yes"}}}',
        '{"id_token": {"sub": {"value": 7}}}',
        '{"id_token": {"acr": {"values": "phr"}}}',
        '{"id_token": {"acr": {"values": [null]}}}',
        '{"id_token": {"acr": {"value": "a b"}}}',
        '{"id_token": {"nul\\u0000": null}}',
        '{"id_token": {"half\\ud800": null}}',
        '{"id_token": {"' + "x" * 256 + '": null}}',
        json.dumps({"id_token": {f"claim{n}": None for n in range(101)}}),
        '{"id_token": {' + " " * 3000 + "}}",
        '{"id_token":' + "[" * 2900,
        "9" * 2900,
    ],
)
def test_what_is_malformed_is_an_invalid_request(signed_in_browser, confidential_client, claims):
    answer = flow.answer_of(ask(signed_in_browser, confidential_client, claims))

    assert answer["error"] == "invalid_request"
    assert Grant.objects.count() == 0


def test_members_that_mean_nothing_to_us_are_ignored():
    asked = requested_claims.parse(
        '{"verified_claims": [1], "id_token": {"email": {"purpose": "x", "essential": false}}}'
    )

    assert asked == requested_claims.RequestedClaims(id_token=("email",))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(
    claims=st.dictionaries(
        st.sampled_from(["id_token", "userinfo", "x"]),
        JSON | st.dictionaries(st.sampled_from(["acr", "sub", "email"]), JSON, max_size=3),
    )
)
def test_any_json_is_read_or_refused(claims):
    try:
        asked = requested_claims.parse(json.dumps(claims))
    except InvalidRequestError:
        return

    assert json.loads(asked.stored() or "{}").keys() <= {"id_token", "userinfo"}


@given(text=st.text(max_size=100))
def test_any_text_is_read_or_refused(text):
    try:
        requested_claims.parse(text)
    except InvalidRequestError:
        return
