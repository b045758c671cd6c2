"""What the server tells of itself, held against what it does (RFC 8414, OIDC Discovery)."""

import secrets
from urllib.parse import urlsplit

import jwt
import pytest
from django.test import Client as Browser

from oauth.client_metadata import CLIENT_SIGNING_ALGS
from tests.oauth import flow
from tests.oauth.assertions import new_key, public_jwk, request_object, signed_by
from tests.oauth.conftest import make_client

pytestmark = pytest.mark.django_db

OPENID = "/.well-known/openid-configuration"
OAUTH = "/.well-known/oauth-authorization-server"
JWKS = "/.well-known/jwks.json"
ISSUER = "http://localhost:8000"


def told(path: str = OPENID) -> dict:
    return Browser().get(path).json()


def test_both_documents_say_the_same():
    openid, oauth = told(OPENID), told(OAUTH)

    assert {name: openid[name] for name in oauth} == oauth
    assert openid["issuer"] == ISSUER


def test_what_the_specifications_require_is_there():
    required_by_discovery = {
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    }
    assert required_by_discovery <= set(told(OPENID))
    assert {"issuer", "response_types_supported"} <= set(told(OAUTH))
    assert "RS256" in told()["id_token_signing_alg_values_supported"]
    assert "openid" in told()["scopes_supported"]


def test_the_issuer_comes_from_the_settings_and_not_from_the_request(settings):
    settings.ALLOWED_HOSTS = ["*"]

    forged = Browser().get(OPENID, headers={"host": "evil.example"}).json()

    assert forged == told()


def test_every_endpoint_that_is_told_answers():
    for name, address in told().items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert address.startswith(ISSUER + "/")
            assert Browser().get(urlsplit(address).path).status_code != 404, name


def test_every_response_type_and_mode_that_is_told_works_and_no_other(
    signed_in_browser, confidential_client
):
    confidential_client.metadata = {"response_types": told()["response_types_supported"]}
    confidential_client.save()
    flow.obtain_code(signed_in_browser, confidential_client)

    def works(**overrides):
        response = flow.authorize(signed_in_browser, confidential_client, **overrides)
        return "code" in flow.answer_of(response)

    types = ["code", "token", "id_token", "code id_token", "code token", "none"]
    carriers = ["query", "fragment", "form_post"]
    modes = [*carriers, "jwt", *(f"{carrier}.jwt" for carrier in carriers), "web_message"]
    assert [t for t in types if works(response_type=t)] == told()["response_types_supported"]
    assert [m for m in modes if works(response_mode=m)] == told()["response_modes_supported"]


def test_every_challenge_method_that_is_told_works_and_no_other(
    signed_in_browser, confidential_client
):
    flow.obtain_code(signed_in_browser, confidential_client)
    methods = ["plain", "S256", "S512"]

    working = [
        method
        for method in methods
        if "code"
        in flow.answer_of(
            flow.authorize(signed_in_browser, confidential_client, code_challenge_method=method)
        )
    ]

    assert working == told()["code_challenge_methods_supported"]


def test_both_channels_of_logout_are_told():
    told_of = ("backchannel", "frontchannel")

    assert all(told()[f"{channel}_logout_supported"] for channel in told_of)
    assert all(told()[f"{channel}_logout_session_supported"] for channel in told_of)


def test_every_grant_type_that_is_told_is_known_and_no_other(confidential_client):
    grants = [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ]

    known = [
        grant
        for grant in grants
        if flow.post_token(confidential_client, grant_type=grant).json()["error"]
        != "unsupported_grant_type"
    ]

    assert known == told()["grant_types_supported"]


def test_every_client_authentication_that_is_told_works(
    service_client, public_client, signing_client, secret_signing_client
):
    ways = {
        "client_secret_basic": flow.post_token(service_client, grant_type="client_credentials"),
        "client_secret_post": flow.post_form(
            flow.TOKEN,
            {
                "grant_type": "client_credentials",
                "client_id": service_client.client_id,
                "client_secret": service_client.raw_secret,
            },
        ),
        "client_secret_jwt": flow.post_form(
            flow.TOKEN,
            {
                "grant_type": "client_credentials",
                **signed_by(
                    secret_signing_client, key=secret_signing_client.raw_secret, alg="HS256"
                ),
            },
        ),
        "private_key_jwt": flow.post_form(
            flow.TOKEN, {"grant_type": "client_credentials", **signed_by(signing_client)}
        ),
        "none": flow.post_token(public_client, grant_type="refresh_token", refresh_token="x"),
    }

    working = [method for method, answer in ways.items() if answer.status_code != 401]

    assert working == told()["token_endpoint_auth_methods_supported"]
    assert working == told()["revocation_endpoint_auth_methods_supported"]
    working.remove("none")
    assert working == told()["introspection_endpoint_auth_methods_supported"]


def test_every_scope_that_is_told_can_be_granted(signed_in_browser):
    scopes = told()["scopes_supported"]
    client = make_client(
        name="All",
        client_type="confidential",
        redirect_uris="https://all.example/",
        grant_types=["authorization_code", "refresh_token"],
        scopes=scopes,
    )

    assert flow.sign_in_tokens(signed_in_browser, client)["scope"].split() == scopes


def test_every_prompt_that_is_told_is_understood_and_no_other(
    signed_in_browser, confidential_client
):
    def error_of(prompt):
        response = flow.authorize(signed_in_browser, confidential_client, prompt=prompt)
        return "" if response.status_code == 200 else response["Location"]

    understood = [
        prompt
        for prompt in ["consent", "create", "login", "none", "select_account"]
        if "error=invalid_request" not in error_of(prompt)
    ]

    assert understood == told()["prompt_values_supported"]


def test_what_is_told_not_to_be_supported_is_refused(signed_in_browser, confidential_client):
    response = flow.authorize(signed_in_browser, confidential_client, request_uri="https://rp.x/")

    assert told()["request_uri_parameter_supported"] is False
    assert flow.answer_of(response)["error"] == "request_uri_not_supported"


def test_every_algorithm_of_request_objects_that_is_told_is_taken_and_no_other(
    signed_in_browser, confidential_client
):
    def is_taken(alg):
        key = secrets.token_bytes(32) if alg in ("HS256", "none") else new_key(alg)
        if alg not in ("HS256", "none"):
            jwks = {"keys": [public_jwk(key, alg)]}
            confidential_client.metadata = {"jwks": jwks}
            confidential_client.save()
        response = flow.authorize(
            signed_in_browser,
            confidential_client,
            request=request_object(
                confidential_client,
                key=None if alg == "none" else key,
                alg=alg,
                header={},
                prompt="none",
            ),
        )
        return flow.answer_of(response)["error"] == "consent_required"

    algs = [*CLIENT_SIGNING_ALGS, "HS256", "none"]
    told_algs = told()["request_object_signing_alg_values_supported"]
    assert told()["request_parameter_supported"] is True
    assert [alg for alg in algs if is_taken(alg)] == told_algs


def test_whether_requests_must_be_pushed_is_told(settings):
    assert told()["require_pushed_authorization_requests"] is False

    settings.OSTIARY_OAUTH = {"REQUIRE_PAR": True}

    assert told()["require_pushed_authorization_requests"] is True


def test_every_signing_algorithm_that_is_told_signs(signed_in_browser, confidential_client):
    for alg in told()["id_token_signing_alg_values_supported"]:
        confidential_client.id_token_signed_response_alg = alg
        confidential_client.raw_secret = confidential_client.rotate_secret()
        confidential_client.save()
        token = flow.sign_in_tokens(signed_in_browser, confidential_client)["id_token"]
        header = jwt.get_unverified_header(token)
        assert header["alg"] == alg
        if alg != "HS256":
            assert header["kid"] in [k["kid"] for k in told(JWKS)["keys"] if k["alg"] == alg]


@pytest.mark.needs("accounts")
def test_every_claim_that_is_told_is_one_that_can_come(
    signed_in_browser, confidential_client, person
):
    for name in ("given_name", "family_name", "preferred_username", "picture", "zoneinfo"):
        setattr(person, name, "https://picture.example/" if name == "picture" else name)
    for name in ("middle_name", "nickname", "gender", "country", "website", "profile"):
        setattr(person, name, name)
    person.birthdate = "1990-05-04"
    person.locale = "de"
    person.save()
    confidential_client.scopes = [*confidential_client.scopes, "address"]
    confidential_client.save()
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    said = set(flow.said_by(tokens["id_token"]))

    assert said - {"at_hash"} == set(told()["claims_supported"])
    assert flow.userinfo(tokens["access_token"]).json().keys() <= said


def test_iss_is_in_every_response_as_told(signed_in_browser, confidential_client):
    assert told()["authorization_response_iss_parameter_supported"] is True
    response = flow.authorize(signed_in_browser, confidential_client, prompt="none")
    assert flow.answer_of(response)["iss"] == told()["issuer"]


# --- how the documents are served -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        (OPENID, "application/json"),
        (OAUTH, "application/json"),
        (JWKS, "application/jwk-set+json"),
    ],
)
def test_a_document_may_be_kept_and_read_from_anywhere(path, content_type):
    response = Browser().get(path)

    assert response["Content-Type"] == content_type
    assert response["Cache-Control"] == "public, max-age=300"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert not response.cookies


@pytest.mark.parametrize("path", [OPENID, OAUTH, JWKS])
def test_a_document_that_has_not_changed_is_not_sent_again(path):
    etag = Browser().get(path)["ETag"]

    for known in (etag, f'"other", W/{etag}', "*"):
        response = Browser().get(path, headers={"if-none-match": known})
        assert response.status_code == 304
        assert response.content == b""
    changed = Browser().get(path, headers={"if-none-match": '"other"'})
    assert changed.status_code == 200


@pytest.mark.parametrize("path", [OPENID, OAUTH, JWKS])
def test_a_document_is_for_reading(path):
    assert Browser().head(path).status_code == 200
    assert Browser().options(path).status_code == 204
    assert Browser().post(path).status_code == 405


@pytest.mark.parametrize("channel", ["backchannel", "frontchannel"])
def test_both_channels_of_logout_are_announced_with_sid(channel):
    document = Browser().get("/.well-known/openid-configuration").json()

    assert document[f"{channel}_logout_supported"] is True
    assert document[f"{channel}_logout_session_supported"] is True
    assert "check_session_iframe" not in document
