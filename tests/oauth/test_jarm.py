"""The authorization response as a JWT (JARM)."""

import time

import pytest
from django.test import Client as Browser
from joserfc import jwe as jose_jwe
from joserfc import jwt as jose_jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from oauth import id_token
from oauth.models import Grant
from ostiary.models import Event
from tests.oauth import flow

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
]

CARRIED = {
    "jwt": "https://rp.example/callback?response=",
    "query.jwt": "https://rp.example/callback?response=",
    "fragment.jwt": "https://rp.example/callback#response=",
}


def register(client, **metadata):
    client.metadata = metadata
    client.full_clean()
    client.save()
    return client


def ask(browser, client, **overrides):
    flow.obtain_code(browser, client, scope="openid")
    return flow.authorize(
        browser, client, **{"scope": "openid", "response_mode": "jwt", **overrides}
    )


def response_in(answer) -> str:
    return answer["Location"].partition("response=")[2]


def verified(token, client, alg="RS256"):
    published = KeySet.import_key_set(Browser().get("/.well-known/jwks.json").json())
    claims = jose_jwt.decode(token, published, algorithms=[alg]).claims
    assert claims["iss"] == "http://localhost:8000"
    assert claims["aud"] == client.client_id
    assert 0 < claims["exp"] - time.time() <= 600
    return claims


@pytest.mark.parametrize("mode", list(CARRIED))
def test_the_answer_is_one_signed_parameter(signed_in_browser, confidential_client, mode):
    answer = ask(signed_in_browser, confidential_client, response_mode=mode)

    assert answer["Location"].startswith(CARRIED[mode])
    assert "&" not in answer["Location"]
    claims = verified(response_in(answer), confidential_client)
    assert set(claims) == {"iss", "aud", "exp", "code", "state"}
    assert claims["state"] == "state-123"


def test_it_can_be_posted(signed_in_browser, confidential_client):
    answer = ask(signed_in_browser, confidential_client, response_mode="form_post.jwt")

    assert b'name="response"' in answer.content
    assert b'name="code"' not in answer.content
    assert "code" in flow.answer_of(answer)
    assert "form-action" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize("alg", ["PS256", "ES256", "EdDSA"])
def test_it_is_signed_as_registered(signed_in_browser, confidential_client, alg):
    register(confidential_client, authorization_signed_response_alg=alg)

    answer = ask(signed_in_browser, confidential_client)

    assert "code" in verified(response_in(answer), confidential_client, alg)


def test_an_error_is_signed_too(signed_in_browser, confidential_client):
    answer = ask(signed_in_browser, confidential_client, scope="nonsense")

    claims = verified(response_in(answer), confidential_client)
    assert claims["error"] == "invalid_scope"
    assert claims["state"] == "state-123"
    assert "code" not in claims


def test_jwt_alone_is_the_fragment_for_a_hybrid_answer(signed_in_browser, confidential_client):
    register(confidential_client, response_types=["code", "code id_token"])

    answer = ask(signed_in_browser, confidential_client, response_type="code id_token")

    assert answer["Location"].startswith(CARRIED["fragment.jwt"])
    assert "id_token" in verified(response_in(answer), confidential_client)


KEYS = {
    "RSA-OAEP-256": RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"}),
    "ECDH-ES": ECKey.generate_key("P-256", {"kid": "enc", "use": "enc"}),
    "ECDH-ES+A256KW": ECKey.generate_key("P-256", {"kid": "enc", "use": "enc"}),
}


def encrypting(client, alg, **more):
    return register(
        client,
        authorization_encrypted_response_alg=alg,
        jwks={"keys": [KEYS[alg].as_dict(private=False)]},
        **more,
    )


@pytest.mark.parametrize("alg", list(KEYS))
def test_it_is_signed_and_then_encrypted_where_registered(
    signed_in_browser, confidential_client, alg
):
    encrypting(confidential_client, alg)

    answer = ask(signed_in_browser, confidential_client)

    opened = jose_jwe.decrypt_compact(
        response_in(answer), KEYS[alg], algorithms=[alg, "A128CBC-HS256"]
    )
    assert opened.protected["cty"] == "JWT"
    assert opened.protected["kid"] == "enc"
    assert "code" in verified(opened.plaintext.decode(), confidential_client)


def test_an_encrypted_hybrid_answer_may_go_into_the_query(signed_in_browser, confidential_client):
    encrypting(confidential_client, "ECDH-ES", response_types=["code", "code id_token"])

    answer = ask(
        signed_in_browser,
        confidential_client,
        response_type="code id_token",
        response_mode="query.jwt",
    )

    assert answer["Location"].startswith(CARRIED["query.jwt"])


def test_without_a_key_of_the_client_nothing_is_sent_to_it(signed_in_browser, confidential_client):
    register(
        confidential_client,
        authorization_encrypted_response_alg="ECDH-ES",
        jwks={"keys": [KEYS["ECDH-ES"].as_dict(private=False)]},
    )
    of_another_kind = {"keys": [KEYS["RSA-OAEP-256"].as_dict(private=False)]}
    confidential_client.metadata["jwks"] = of_another_kind  # as a jwks_uri may come to have
    confidential_client.save()

    for overrides in ({}, {"scope": "nonsense"}):
        answer = ask(signed_in_browser, confidential_client, **overrides)
        assert answer.status_code == 400
        assert "Location" not in answer
        assert b"temporarily_unavailable" in answer.content
    event = Event.objects.filter(kind="client.key_unavailable").latest("at")
    assert event.client_id == confidential_client.client_id
    assert event.details == {"answer": "authorization", "alg": "ECDH-ES"}


def test_it_is_no_hint_and_no_token(signed_in_browser, confidential_client):
    response = response_in(ask(signed_in_browser, confidential_client))

    answer = flow.authorize(signed_in_browser, confidential_client, id_token_hint=response)

    assert flow.answer_of(answer)["error"] == "invalid_request"
    assert flow.userinfo(response).status_code == 401
    with pytest.raises(Exception, match=r"missing"):
        id_token.verify_hint(response)
    assert Grant.objects.count() == 2


def test_the_code_in_it_can_be_redeemed(signed_in_browser, confidential_client):
    code, verifier = flow.obtain_code(signed_in_browser, confidential_client, response_mode="jwt")

    assert flow.redeem(confidential_client, code, verifier).status_code == 200
