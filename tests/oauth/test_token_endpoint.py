"""What the token endpoint takes and how it answers (SECURITY B5; RFC 6749 §3.2, §5)."""

import json

import pytest
from django.test import Client as Browser

from oauth.parameters import NEVER_IN_A_QUERY
from tests.oauth import flow
from tests.oauth.test_device import GRANT_TYPE as DEVICE
from tests.oauth.test_token_exchange import NEXT

pytestmark = pytest.mark.django_db

ENDPOINTS = [flow.TOKEN, flow.REVOKE]


def service(client, **params):
    """The parameters of a client credentials request with the secret in the body."""
    return {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.raw_secret,
        **params,
    }


def assert_refused(response, error, status=400):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    assert body["error"] == error
    assert flow.DESCRIPTION.fullmatch(body.get("error_description", ""))
    assert set(body) <= {"error", "error_description"}


def test_an_answer_is_json_that_nobody_keeps(service_client):
    response = flow.post_form(flow.TOKEN, service(service_client))

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    assert response["Pragma"] == "no-cache"
    assert set(response.json()) == {"access_token", "token_type", "expires_in", "scope"}
    assert response.json()["token_type"] == "Bearer"
    assert response.json()["expires_in"] == service_client.access_token_lifetime


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_only_post_is_taken(endpoint, method):
    response = Browser().generic(method, endpoint)

    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert response["Cache-Control"] == "no-store"
    if method != "HEAD":
        assert response.json()["error"] == "invalid_request"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""]
)
def test_only_a_form_is_taken(service_client, endpoint, content_type):
    body = json.dumps(service(service_client))

    assert_refused(
        Browser().generic("POST", endpoint, body, content_type=content_type), "invalid_request"
    )


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, "/oauth/introspect"])
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize(
    "charset",
    ["utf-8", "UTF-8", "utf8", "ISO-8859-1", "us-ascii", "utf-16", "unicode_escape", "x"],
)
def test_a_form_is_utf_8_whatever_charset_it_names(
    service_client, endpoint, charset, alone, settings
):
    """Java's HttpClient says ISO-8859-1 (oauthlib #251); in a project without the reference site's
    middleware, too."""
    if alone:
        site = "idp_site.charset.Utf8Middleware"
        settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != site]
    body = flow.urlencode(service(service_client, token="x"))
    content_type = f"Application/X-WWW-Form-Urlencoded;charset={charset}"

    response = Browser().generic("POST", f"{endpoint}?a=b", body, content_type=content_type)

    assert response.status_code == 200


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, "/oauth/introspect"])
@pytest.mark.parametrize("name", [*sorted(NEVER_IN_A_QUERY), "client_id"])
def test_credentials_grants_and_tokens_in_the_query_are_refused_by_name(
    service_client, endpoint, name
):
    response = flow.post_form(f"{endpoint}?a=b&{name}=x", service(service_client, token="t"))

    assert_refused(response, "invalid_request")
    assert response.json()["error_description"].startswith(name + " ")
    assert "x" not in response.json()["error_description"].split()


def test_every_secret_of_a_request_is_on_the_list():
    """What the endpoints read of credentials, grants and tokens."""
    read = {
        "client_secret",
        "client_assertion",
        "grant_type",
        "code",
        "code_verifier",
        "device_code",
        "refresh_token",
        "assertion",
        "subject_token",
        "actor_token",
        "token",
        "request",
        "id_token_hint",
    }

    assert read <= NEVER_IN_A_QUERY


@pytest.mark.parametrize(
    "query",
    [
        "client-request-id=01a2",  # MSAL
        "api-version=2&x-client-SKU=msal.js",
        "foo=1&foo=2",
        "scope=openid+admin&resource=https%3A%2F%2Fx.example%2F",
        "client_secret=",
        "&&&%ff=%00",
        "&".join(f"p{n}=1" for n in range(2000)),
    ],
)
def test_what_else_stands_in_the_query_is_ignored(service_client, query):
    """RFC 6749 §3.2."""
    answer = flow.post_form(f"{flow.TOKEN}?{query}", service(service_client))
    assert answer.status_code == 200
    assert answer.json()["scope"] == "api:read"

    body = {**service(service_client), "token": answer.json()["access_token"]}
    told = flow.post_form(f"/oauth/introspect?{query}", body)
    assert told.json()["active"] is True
    assert flow.post_form(f"{flow.REVOKE}?{query}", body).status_code in (200, 400)


@pytest.mark.parametrize("path", ["/oauth/par", "/oauth/device_authorization"])
def test_the_other_endpoints_of_programs_ignore_it_too(confidential_client, path):
    confidential_client.grant_types = [*confidential_client.grant_types, DEVICE]
    confidential_client.save()
    asked = flow.authorization_params(confidential_client, flow.new_verifier())

    answer = flow.post_as(confidential_client, f"{path}?client-request-id=1", asked)

    assert answer.status_code in (200, 201)
    assert flow.post_as(confidential_client, f"{path}?code=1", asked).status_code == 400


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    "name", ["grant_type", "client_id", "client_secret", "scope", "code", "token", "anything"]
)
def test_a_repeated_parameter_is_refused(service_client, endpoint, name):
    pairs = [*service(service_client, token="t").items(), (name, "1"), (name, "2")]

    response = flow.post_form(endpoint, pairs)

    if name == "grant_type" and endpoint == flow.TOKEN:
        assert_refused(response, "unsupported_grant_type")
    else:
        assert_refused(response, "invalid_request")


def test_a_repeated_grant_type_is_refused(service_client):
    pairs = [("grant_type", "client_credentials"), *service(service_client).items()]

    assert_refused(flow.post_form(flow.TOKEN, pairs), "invalid_request")


def test_an_unknown_parameter_is_ignored(service_client):
    response = flow.post_form(flow.TOKEN, service(service_client, colour="mauve", size="9" * 9000))

    assert response.status_code == 200


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_too_many_parameters_are_refused(endpoint):
    assert_refused(flow.post_form(endpoint, {f"p{n}": "v" for n in range(2000)}), "invalid_request")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_too_large_a_body_is_refused(endpoint):
    assert_refused(flow.post_form(endpoint, {"token": "x" * 3_000_000}), "invalid_request")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("body", ["", "&&&", "=", "%", "%ff%fe=%ff", "grant_type", "a=%00&%00=b"])
def test_a_body_that_is_hardly_a_form_gets_an_error_of_the_rfc(endpoint, body):
    response = Browser().generic("POST", endpoint, body, content_type=flow.FORM)

    assert response.status_code in (400, 401)
    assert response.json()["error"] in ("invalid_request", "invalid_client")


def test_a_missing_grant_type_is_an_invalid_request(service_client):
    assert_refused(
        flow.post_form(flow.TOKEN, service(service_client, grant_type="")), "invalid_request"
    )


@pytest.mark.parametrize(
    "grant_type",
    [
        "password",
        "implicit",
        "CLIENT_CREDENTIALS",
        "client_credentials ",
        "nul\x00",
        "schlüssel",
        "x" * 5000,
    ],
)
def test_an_unknown_grant_is_unsupported(service_client, grant_type):
    assert_refused(
        flow.post_form(flow.TOKEN, service(service_client, grant_type=grant_type)),
        "unsupported_grant_type",
    )


def test_the_password_grant_is_refused_with_what_to_use_instead(service_client):
    response = flow.post_form(flow.TOKEN, service(service_client, grant_type="password"))

    assert "authorization code grant with PKCE" in response.json()["error_description"]


def test_a_grant_that_the_client_is_not_registered_for_is_refused(
    service_client, confidential_client
):
    assert_refused(
        flow.post_token(confidential_client, grant_type="client_credentials"),
        "unauthorized_client",
    )
    assert_refused(
        flow.post_token(service_client, grant_type="authorization_code", code="x"),
        "unauthorized_client",
    )
    assert_refused(
        flow.post_token(service_client, grant_type="refresh_token", refresh_token="x"),
        "unauthorized_client",
    )


@pytest.mark.parametrize(
    ("grant_type", "parameter"),
    [("authorization_code", "code"), ("refresh_token", "refresh_token")],
)
def test_a_grant_without_its_credential_is_an_invalid_request(
    confidential_client, grant_type, parameter
):
    for value in ({}, {parameter: ""}):
        assert_refused(
            flow.post_token(confidential_client, grant_type=grant_type, **value),
            "invalid_request",
        )


def test_no_cookie_is_read_or_set(signed_in_browser, service_client):
    response = signed_in_browser.post(
        flow.TOKEN, flow.urlencode(service(service_client)), content_type=flow.FORM
    )

    assert response.status_code == 200
    assert not response.cookies


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, flow.USERINFO])
def test_scripts_of_any_origin_may_call_it_without_credentials(endpoint):
    preflight = Browser().options(endpoint, headers={"origin": "https://spa.example"})
    refused = flow.post_form(endpoint, {})

    assert preflight.status_code == 204
    assert "POST" in preflight["Access-Control-Allow-Methods"]
    assert "Authorization" in preflight["Access-Control-Allow-Headers"]
    for response in (preflight, refused):
        assert response["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response
    assert "WWW-Authenticate" in refused["Access-Control-Expose-Headers"]


# --- client credentials (RFC 6749 §4.4) -----------------------------------------------------------


def test_a_service_gets_what_it_asks_for_or_all_that_it_may(service_client):
    everything = flow.post_token(service_client, grant_type="client_credentials").json()
    asked = flow.post_token(
        service_client, grant_type="client_credentials", scope="api:read"
    ).json()

    assert everything["scope"] == asked["scope"] == "api:read"
    assert "refresh_token" not in everything
    assert "id_token" not in everything


@pytest.mark.parametrize("scope", ["admin", "openid", "openid admin", "api:read\tadmin"])
def test_a_service_gets_no_scope_that_it_may_not_have(service_client, scope):
    service_client.scopes = ["api:read", "openid"]
    service_client.save()

    assert_refused(
        flow.post_token(service_client, grant_type="client_credentials", scope=scope),
        "invalid_scope",
    )


def test_a_service_without_any_scope_is_told_so(service_client):
    service_client.scopes = ["openid"]
    service_client.save()

    assert_refused(
        flow.post_token(service_client, grant_type="client_credentials"), "invalid_scope"
    )


@pytest.mark.parametrize("resource", ["https://other-api.example/", "x", "\x00"])
def test_a_service_gets_no_token_for_an_api_that_it_may_not_use(service_client, resource):
    assert_refused(
        flow.post_token(service_client, grant_type="client_credentials", resource=resource),
        "invalid_target",
    )


def test_a_service_gets_a_token_for_one_api_at_a_time(service_client):
    api = service_client.audiences[0]
    service_client.audiences = [api, NEXT]
    service_client.save()

    assert_refused(
        flow.post_token(service_client, grant_type="client_credentials", resource=[api, NEXT]),
        "invalid_target",
    )


def test_a_public_client_has_no_credentials(public_client):
    public_client.grant_types = ["client_credentials"]
    public_client.save()

    assert_refused(
        flow.post_token(public_client, grant_type="client_credentials"), "unauthorized_client"
    )
