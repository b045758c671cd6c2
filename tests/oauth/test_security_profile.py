"""The FAPI 2.0 Security Profile, as a whole and rule by rule (Final, §5.3.2, §5.4.1)."""

import time

import jwt
import pytest
from django.core.exceptions import ValidationError
from django.test import Client as Browser

from oauth import security_profile
from oauth.issuer import endpoint, issuer
from oauth.models import Client
from oauth.models.grant import CODE_LIFETIME
from oauth.resource_server.dpop import ath
from tests.oauth import flow
from tests.oauth.assertions import (
    CLIENT_KEY,
    make_proof,
    new_key,
    public_jwk,
    request_object,
    signed_by,
)
from tests.oauth.conftest import SIGNS_PEOPLE_IN, make_client, make_person
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

RSA_KEY = new_key("RS256")
METADATA = {
    "security_profile": "fapi2",
    "jwks": {"keys": [{**public_jwk(CLIENT_KEY), "kid": "its key"}, public_jwk(RSA_KEY, "RS256")]},
    "dpop_bound_access_tokens": True,
    "require_pushed_authorization_requests": True,
}
FIELDS = {
    "client_type": Client.CLIENT_CONFIDENTIAL,
    "redirect_uris": "https://rp.example/callback http://127.0.0.1/callback",
    "token_endpoint_auth_methods": ["private_key_jwt"],
    "id_token_signed_response_alg": "PS256",
    "access_token_signing_alg": "ES256",
    **SIGNS_PEOPLE_IN,
    "grant_types": [*SIGNS_PEOPLE_IN["grant_types"], "client_credentials"],
}


def fapi2_client(metadata=None, **fields):
    return make_client(
        name="Bank", metadata={**METADATA, **(metadata or {})}, **{**FIELDS, **fields}
    )


@pytest.fixture
def bank():
    """A client that has all the profile asks for."""
    return fapi2_client()


@pytest.fixture
def key():
    return new_key()


def post(client, path=flow.TOKEN, proof=None, assertion=None, **params):
    shown = signed_by(client, **(assertion or {}))
    headers = {"dpop": proof} if proof else {}
    return flow.post_form(path, {**shown, **params}, **headers)


def ask(client, key, assertion=None, **proof):
    """A token for the client itself."""
    made = make_proof(key, method="POST", url=endpoint("token"), **proof)
    return post(client, proof=made, assertion=assertion, grant_type="client_credentials")


# --- as a whole -----------------------------------------------------------------------------------


def test_a_client_that_has_all_lacks_nothing(bank):
    assert security_profile.missing(bank) == []
    assert CODE_LIFETIME <= 60


LACKS = {
    "confidential": {"client_type": "public", "token_endpoint_auth_methods": []},
    "Client authentication": {"token_endpoint_auth_methods": []},
    "private_key_jwt": {"token_endpoint_auth_methods": ["private_key_jwt", "client_secret_basic"]},
    "pushed": {"metadata": {"require_pushed_authorization_requests": False}},
    "DPoP": {"metadata": {"dpop_bound_access_tokens": False}},
    "id_token_signed_response_alg is RS256": {"id_token_signed_response_alg": "RS256"},
    "access_token_signing_alg is RS256": {"access_token_signing_alg": "RS256"},
    "token_endpoint_auth_signing_alg": {"metadata": {"token_endpoint_auth_signing_alg": "RS256"}},
    "request_object_signing_alg": {"metadata": {"request_object_signing_alg": "RS256"}},
    "authorization_signed": {"metadata": {"authorization_signed_response_alg": "RS256"}},
    "userinfo_signed": {"metadata": {"userinfo_signed_response_alg": "RS256"}},
    "introspection_signed": {"metadata": {"introspection_signed_response_alg": "RS256"}},
    "code alone": {"metadata": {"response_types": ["code", "code id_token"]}},
    "com.example": {"redirect_uris": "com.example.app:/callback"},
    "redirect URIs are https": {"redirect_uris": "http://localhost/callback"},
}


@pytest.mark.parametrize(("words", "changes"), LACKS.items(), ids=LACKS)
def test_what_is_missing_is_told_and_refused(words, changes):
    if changes.get("client_type") == "public":
        changes = {**changes, "grant_types": SIGNS_PEOPLE_IN["grant_types"]}

    with pytest.raises(ValidationError) as refused:
        fapi2_client(**changes)

    assert any(words in message for message in refused.value.messages)
    without = {**METADATA, **changes.get("metadata", {}), "security_profile": "oauth21"}
    make_client(name="Other", **{**FIELDS, **changes, "metadata": without})


def test_everything_that_is_missing_is_told_at_once(confidential_client):
    assert len(security_profile.missing(confidential_client)) == 4


def test_the_operator_sees_what_is_missing(confidential_client):
    browser = desk_of(make_person("operator@example.com", is_staff=True, is_superuser=True))

    page = browser.get(f"/admin/ostiary_oauth/client/{confidential_client.pk}/change/")

    told = page.content.decode()
    for lack in security_profile.missing(confidential_client):
        assert f"<p>{lack}</p>" in told


# --- rule by rule, whatever is registered ---------------------------------------------------------


def spoil(client, **changes):
    """Change a registration behind the back of its checks."""
    metadata = {**client.metadata, **changes.pop("metadata", {})}
    Client.objects.filter(pk=client.pk).update(metadata=metadata, **changes)
    client.refresh_from_db()


def test_the_whole_flow(signed_in_browser, bank, key):
    verifier = flow.new_verifier()
    pushed = post(
        bank,
        "/oauth/par",
        **flow.authorization_params(bank, verifier, client_id=None),
    )
    assert pushed.status_code == 201, pushed.content
    url = flow.with_query(
        flow.AUTHORIZE,
        {"client_id": bank.client_id, "request_uri": pushed.json()["request_uri"]},
    )
    answer = flow.answer_of(flow.allow(signed_in_browser, url))
    assert answer["iss"] == issuer()
    made = make_proof(key, method="POST", url=endpoint("token"))

    tokens = post(
        bank,
        proof=made,
        grant_type="authorization_code",
        code=answer["code"],
        redirect_uri=bank.redirect_uris.split()[0],
        code_verifier=verifier,
    )

    assert tokens.status_code == 200, tokens.content
    assert tokens.json()["token_type"] == "DPoP"
    assert "jkt" in flow.said_by(tokens.json()["access_token"])["cnf"]


@pytest.mark.parametrize(
    "audience",
    [
        lambda: endpoint("token"),
        lambda: [issuer()],
        lambda: [issuer(), endpoint("token")],
        lambda: endpoint("par"),
        lambda: issuer() + "/",
    ],
)
def test_an_assertion_is_for_the_issuer_as_a_string(bank, key, audience):
    assert ask(bank, key).status_code == 200

    answer = ask(bank, key, {"aud": audience()})

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_assertions_by_rs256_are_refused_by_ps256_taken(bank, key):
    signed = {"key": RSA_KEY, "header": {}}

    assert ask(bank, key, {**signed, "alg": "RS256"}).status_code == 401
    assert ask(bank, key, {**signed, "alg": "PS256"}).status_code == 200


def test_assertions_made_up_to_10_seconds_ahead_are_taken_beyond_60_refused(bank, key):
    now = int(time.time())
    for ahead, status in ((10, 200), (70, 401)):
        assertion = {"iat": now + ahead, "nbf": now + ahead, "exp": now + 120}
        assert ask(bank, key, assertion).status_code == status


def test_a_secret_never_authenticates(bank):
    for methods in (["client_secret_basic"], ["client_secret_basic", "private_key_jwt"]):
        spoil(bank, token_endpoint_auth_methods=methods)
        basic = flow.basic(bank.client_id, bank.raw_secret)
        answer = flow.post_form(flow.TOKEN, {"grant_type": "client_credentials"}, basic)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_public_client_is_refused(bank):
    spoil(bank, client_type="public", token_endpoint_auth_methods=[])
    params = {"client_id": bank.client_id, "grant_type": "refresh_token", "refresh_token": "x"}

    assert flow.post_form(flow.TOKEN, params).status_code == 401


def test_a_token_without_proof_is_refused(bank):
    spoil(bank, metadata={"dpop_bound_access_tokens": False})

    answer = post(bank, grant_type="client_credentials")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_proof_by_rs256_is_refused(bank):
    assert ask(bank, RSA_KEY, alg="PS256").status_code == 200

    answer = ask(bank, RSA_KEY, alg="RS256")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


def test_a_request_that_was_not_pushed_is_refused(signed_in_browser, bank):
    spoil(bank, metadata={"require_pushed_authorization_requests": False})

    answer = flow.answer_of(flow.authorize(signed_in_browser, bank))

    assert answer["error"] == "invalid_request"


def test_a_push_needs_authentication_and_a_redirect_uri(bank):
    params = flow.authorization_params(bank, flow.new_verifier())
    assert flow.post_form("/oauth/par", params).status_code == 401

    without = {name: params[name] for name in params if name not in ("redirect_uri", "client_id")}
    assert post(bank, "/oauth/par", **without).status_code == 400


def test_a_request_object_by_rs256_is_refused(bank):
    for alg, status in (("RS256", 400), ("PS256", 201)):
        now = int(time.time())
        signed = request_object(bank, key=RSA_KEY, alg=alg, header={}, nbf=now)
        assert post(bank, "/oauth/par", request=signed).status_code == status


@pytest.mark.parametrize(
    ("times", "status"),
    [
        ({"nbf": 0, "exp": 60}, 201),
        ({"nbf": 8, "exp": 60}, 201),
        ({"nbf": -3500, "exp": 60}, 201),
        ({"exp": 60}, 400),
        ({"nbf": 70, "exp": 120}, 400),
        ({"nbf": -3700, "exp": 60}, 400),
        ({"nbf": -600, "exp": 3300}, 400),
    ],
)
def test_a_request_object_says_from_when_it_is_good(bank, times, status):
    """Message Signing §5.3.1: ``nbf`` at most an hour ago, ``exp`` at most an hour after it."""
    now = int(time.time())
    said = {name: now + seconds for name, seconds in times.items()}

    assert post(bank, "/oauth/par", request=request_object(bank, **said)).status_code == status


@pytest.mark.parametrize("name", ["exp", "nbf", "client_id", "aud", "iss"])
def test_a_request_object_says_all_that_the_profile_wants(bank, name):
    said = {"nbf": int(time.time()), name: None}

    answer = post(bank, "/oauth/par", request=request_object(bank, **said))

    assert answer.status_code == 400
    assert name in answer.json()["error_description"]


def test_a_proof_by_rs256_is_refused_with_a_push(bank):
    params = flow.authorization_params(bank, flow.new_verifier(), client_id=None)
    for alg, status in (("RS256", 400), ("PS256", 201)):
        made = make_proof(RSA_KEY, alg=alg, url=endpoint("par"))
        assert post(bank, "/oauth/par", proof=made, **params).status_code == status


def tokens_of(browser, bank, key, **overrides):
    """All of the way to tokens, bound to ``key``; the answer to the authorization request too."""
    verifier = flow.new_verifier()
    params = flow.authorization_params(bank, verifier, client_id=None, **overrides)
    pushed = post(bank, "/oauth/par", **params)
    assert pushed.status_code == 201, pushed.content
    answer = flow.allow(browser, flow.come(browser, bank, pushed))
    tokens = post(
        bank,
        proof=make_proof(key, alg="PS256"),
        grant_type="authorization_code",
        code=flow.answer_of(answer)["code"],
        redirect_uri=bank.redirect_uris.split()[0],
        code_verifier=verifier,
    )
    assert tokens.status_code == 200, tokens.content
    return tokens.json(), answer


def test_a_proof_by_rs256_is_refused_at_userinfo(signed_in_browser, bank):
    tokens, _ = tokens_of(signed_in_browser, bank, RSA_KEY)
    token = tokens["access_token"]
    for alg, status in (("RS256", 401), ("PS256", 200)):
        proof = make_proof(RSA_KEY, alg=alg, method="GET", url=endpoint("userinfo"), ath=ath(token))
        headers = {"authorization": f"DPoP {token}", "dpop": proof}
        assert Browser().get(flow.USERINFO, headers=headers).status_code == status


def alg_of(token):
    return jwt.get_unverified_header(token)["alg"]


def test_nothing_is_signed_for_it_by_rs256_whatever_is_registered(signed_in_browser, bank):
    spoil(
        bank,
        id_token_signed_response_alg="RS256",
        access_token_signing_alg="RS256",
        metadata={"userinfo_signed_response_alg": "RS256"},
    )

    tokens, answer = tokens_of(signed_in_browser, bank, RSA_KEY, response_mode="jwt")
    proof = make_proof(
        RSA_KEY,
        alg="PS256",
        method="GET",
        url=endpoint("userinfo"),
        ath=ath(tokens["access_token"]),
    )
    told = Browser().get(
        flow.USERINFO, headers={"authorization": f"DPoP {tokens['access_token']}", "dpop": proof}
    )

    assert alg_of(tokens["access_token"]) == "PS256"
    assert alg_of(tokens["id_token"]) == "PS256"
    assert alg_of(told.content) == "PS256"
    assert "response=" in flow.led_on_to(answer)
    assert alg_of(flow.led_on_to(answer).partition("response=")[2]) == "PS256", "by default too"


def test_signed_introspection_is_by_ps256_by_default(bank):
    introspection = post(bank, "/oauth/introspect", token="x")
    assert introspection.status_code == 200

    signed = flow.post_form(
        "/oauth/introspect",
        {**signed_by(bank), "token": "x"},
        accept="application/token-introspection+jwt",
    )

    assert alg_of(signed.content) == "PS256"


def test_the_hybrid_flow_is_refused_whatever_is_registered(bank):
    spoil(bank, metadata={"response_types": ["code", "code id_token"]})
    params = flow.authorization_params(bank, flow.new_verifier(), client_id=None)

    answer = post(bank, "/oauth/par", **{**params, "response_type": "code id_token"})

    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    assert post(bank, "/oauth/par", **params).status_code == 201
