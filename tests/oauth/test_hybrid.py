"""The hybrid flow ``code id_token``, for clients that opt in (SECURITY A4; OIDC Core §3.3)."""

import json
import time

import pytest
from authlib.oidc.core import HybridIDToken
from django.core.exceptions import ValidationError
from django.test import Client as Browser
from joserfc import jwt as jose_jwt
from joserfc.jwk import KeySet

from oauth import id_token
from oauth.models import Grant
from tests.oauth import flow

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
]

HYBRID = "code id_token"


@pytest.fixture
def client(confidential_client):
    """A client that has opted in."""
    confidential_client.metadata = {"response_types": ["code", HYBRID]}
    confidential_client.full_clean()
    confidential_client.save()
    return confidential_client


def ask(browser, client, **overrides):
    response = flow.authorize(browser, client, **{"response_type": HYBRID, **overrides})
    if response.status_code == 200 and b'name="page"' in response.content:
        response = flow.allow(browser, response)
    return response


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_the_id_token_vouches_for_code_and_state(signed_in_browser, client, alg):
    client.id_token_signed_response_alg = alg
    client.save()

    answer = flow.answer_of(ask(signed_in_browser, client))

    published = KeySet.import_key_set(Browser().get("/.well-known/jwks.json").json())
    decoded = jose_jwt.decode(answer["id_token"], published, algorithms=[alg])
    claims = HybridIDToken(
        decoded.claims,
        decoded.header,
        params={
            "nonce": "nonce-456",
            "client_id": client.client_id,
            "code": answer["code"],
            "access_token": None,
        },
    )
    claims.validate(now=int(time.time()))
    assert claims["c_hash"] == id_token.half_hash(answer["code"], alg)
    assert claims["s_hash"] == id_token.half_hash("state-123", alg)
    assert "at_hash" not in claims
    assert answer["state"] == "state-123"


def test_the_c_hash_of_the_example_in_oidc_core_appendix_a_4():
    code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"

    assert id_token.half_hash(code, "RS256") == "LDktKdoQak3Pk0cnXxCltA"


def test_the_answer_is_in_the_fragment_and_never_in_a_query(signed_in_browser, client):
    response = ask(signed_in_browser, client)
    assert flow.led_on_to(response).startswith("https://rp.example/callback#code=")

    for mode in ("query", "query.jwt"):
        refused = ask(signed_in_browser, client, response_mode=mode)
        assert flow.led_on_to(refused).startswith(
            "https://rp.example/callback#error=invalid_request"
        )
    assert "id_token" in flow.answer_of(ask(signed_in_browser, client, response_mode="form_post"))


def test_the_order_of_the_types_does_not_matter(signed_in_browser, client):
    answer = flow.answer_of(ask(signed_in_browser, client, response_type="id_token code"))

    assert {"code", "id_token"} <= set(answer)


@pytest.mark.needs("accounts")
def test_what_goes_through_the_browser_tells_nothing_of_the_person_but_the_subject(
    signed_in_browser, client
):
    answer = flow.answer_of(ask(signed_in_browser, client))

    said = flow.said_by(answer["id_token"])
    assert not {"email", "name"} & set(said)
    assert "alice" not in json.dumps(said).casefold()


def test_the_token_endpoint_tells_of_the_same_person_and_sign_in(signed_in_browser, client):
    verifier = flow.new_verifier()
    answer = flow.answer_of(ask(signed_in_browser, client, verifier=verifier))

    tokens = flow.redeem(client, answer["code"], verifier).json()

    first, second = (flow.said_by(each["id_token"]) for each in (answer, tokens))
    for name in ("iss", "sub", "aud", "nonce", "auth_time", "acr", "amr", "sid"):
        assert first[name] == second[name]
    assert second["at_hash"] == id_token.half_hash(tokens["access_token"], "RS256")


@pytest.mark.parametrize(
    ("overrides", "error"),
    [({"nonce": None}, "invalid_request"), ({"scope": "email"}, "invalid_scope")],
)
def test_it_needs_a_nonce_and_the_openid_scope(signed_in_browser, client, overrides, error):
    response = ask(signed_in_browser, client, **overrides)

    assert flow.answer_of(response)["error"] == error
    assert not Grant.objects.exists()


def test_pkce_is_required_here_too(signed_in_browser, client):
    response = ask(signed_in_browser, client, code_challenge=None)

    assert flow.answer_of(response)["error"] == "invalid_request"


def test_a_client_that_has_not_opted_in_is_refused(signed_in_browser, confidential_client):
    response = ask(signed_in_browser, confidential_client)

    assert flow.answer_of(response)["error"] == "unauthorized_client"


def test_a_client_that_registered_it_alone_may_not_ask_for_less(signed_in_browser, client):
    client.metadata = {"response_types": [HYBRID]}
    client.save()

    response = ask(signed_in_browser, client, response_type="code")

    assert flow.answer_of(response)["error"] == "unauthorized_client"


@pytest.mark.parametrize(
    ("response_type", "words"),
    [
        ("token", "response_type=code with PKCE"),
        ("id_token", "response_type=code with PKCE"),
        ("id_token token", "response_type=code with PKCE"),
        ("code token", "response_type=code id_token"),
        ("code id_token token", "response_type=code id_token"),
    ],
)
def test_a_type_that_gives_browsers_access_tokens_is_refused_with_what_to_use(
    signed_in_browser, client, response_type, words
):
    answer = flow.answer_of(ask(signed_in_browser, client, response_type=response_type))

    assert answer["error"] == "unsupported_response_type"
    assert words in answer["error_description"]


def test_no_other_response_type_can_be_registered(confidential_client):
    confidential_client.metadata = {"response_types": ["code token"]}

    with pytest.raises(ValidationError):
        confidential_client.full_clean()
