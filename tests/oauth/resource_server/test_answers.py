"""What an API answers, by Django's views and by the REST framework's (RFC 6750 §3, RFC 9470)."""

from __future__ import annotations

import asyncio
import time

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import Client as Browser

from oauth.resource_server import ResourceServer, ResourceServerSettings, protected
from oauth.resource_server.drf import AccessTokenAuthentication, HasScopes, RequiresStepUp
from oauth.resource_server.metadata import metadata_url
from tests.oauth.assertions import new_key

from . import project
from .calls import AUDIENCE, good_token, jkt_of, make_proof, request_with

KEY = new_key()
ALGS = 'algs="RS256 PS256 ES256 EdDSA Ed25519"'
MIDDLEWARE = ["oauth.resource_server.middleware.AccessTokenMiddleware"]


@pytest.fixture(autouse=True)
def site(settings, issuer):
    """A project without a database that serves the API."""
    settings.ROOT_URLCONF = "tests.oauth.resource_server.project"
    settings.MIDDLEWARE = []
    settings.OSTIARY_RESOURCE_SERVER = {"ISSUER": issuer.url, "AUDIENCE": AUDIENCE}
    return settings


@pytest.fixture(params=["django", "drf"])
def by(request):
    """The framework of the view."""
    return request.param


def call(path, token=None, scheme="Bearer", method="get", **more):
    headers = more.pop("headers", {})
    if token is not None:
        headers["authorization"] = f"{scheme} {token}"
    return getattr(Browser(enforce_csrf_checks=True), method)(path, headers=headers, **more)


def test_a_good_token_is_served(issuer, by):
    answer = call(f"/{by}/plain", good_token(issuer))

    assert (answer.status_code, answer.json()["sub"]) == (200, "person-1")
    assert "WWW-Authenticate" not in answer


def test_the_scheme_is_named_in_any_case(issuer, by):
    assert call(f"/{by}/plain", good_token(issuer), "bEARER").status_code == 200


def test_a_form_needs_no_csrf_token_since_no_browser_sends_an_access_token(issuer, by):
    assert call(f"/{by}/plain", good_token(issuer), method="post").status_code == 200


@pytest.mark.parametrize("authorization", [None, "", "Basic YTpi", "Negotiate x", "Bearerx y"])
def test_without_a_token_the_challenge_names_no_error(by, authorization):
    headers = {} if authorization is None else {"authorization": authorization}
    answer = call(f"/{by}/plain", headers=headers)

    assert answer.status_code == 401
    wanted = f'Bearer realm="{AUDIENCE}", DPoP realm="{AUDIENCE}", {ALGS}'
    assert answer["WWW-Authenticate"] == wanted


def test_a_bad_token_is_an_invalid_token(issuer, by):
    for token in (good_token(issuer, exp=1), "x", "", "a b", "ü"):
        answer = call(f"/{by}/plain", token)

        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith(
            f'Bearer realm="{AUDIENCE}", error="invalid_token", error_description="'
        )
        assert answer["Cache-Control"] == "no-store"


def test_a_token_in_the_query_is_refused(issuer, by):
    token = good_token(issuer)
    for answer in (
        call(f"/{by}/plain?access_token={token}"),
        call(f"/{by}/plain?access_token={token}", token),
    ):
        assert answer.status_code == 400
        assert 'error="invalid_request"' in answer["WWW-Authenticate"]


def test_a_token_sent_in_two_ways_is_refused(issuer, by):
    token = good_token(issuer)
    form = {"data": f"access_token={token}", "content_type": "application/x-www-form-urlencoded"}

    in_both = call(f"/{by}/plain", token, method="post", **form)
    twice = call(f"/{by}/plain", f"{token}, Bearer {token}")

    for answer in (in_both, twice):
        assert answer.status_code == 400
        assert 'error="invalid_request"' in answer["WWW-Authenticate"]
    assert call(f"/{by}/plain", method="post", **form).status_code == 401


def test_a_missing_scope_is_named(issuer, by):
    answer = call(f"/{by}/scoped", good_token(issuer))

    assert answer.status_code == 403
    assert answer["WWW-Authenticate"] == (
        f'Bearer realm="{AUDIENCE}", error="insufficient_scope", '
        'error_description="The access token lacks a scope.", scope="api:read api:write", '
        f'DPoP realm="{AUDIENCE}", {ALGS}'
    )
    assert call(f"/{by}/scoped", good_token(issuer, scope="api:readonly")).status_code == 403
    enough = good_token(issuer, scope="api:write api:read more")
    assert call(f"/{by}/scoped", enough).status_code == 200


def test_a_weak_or_old_authentication_is_asked_to_step_up(issuer, by):
    now = int(time.time())
    for facts in (
        {},
        {"acr": project.ACR[0]},
        {"acr": "urn:ostiary:aal1", "auth_time": now},
        {"acr": project.ACR[0], "auth_time": now - 400},
        {"acr": project.ACR[0], "auth_time": "now"},
        {"acr": project.ACR, "auth_time": now},
    ):
        answer = call(f"/{by}/step-up", good_token(issuer, **facts))

        assert answer.status_code == 401
        assert (
            'error="insufficient_user_authentication", '
            'error_description="A stronger or more recent authentication is needed.", '
            'acr_values="urn:ostiary:aal2 urn:ostiary:aal2:phr", max_age="300"'
        ) in answer["WWW-Authenticate"]


def test_a_strong_and_recent_authentication_will_do(issuer, by):
    for acr in project.ACR:
        token = good_token(issuer, acr=acr, auth_time=int(time.time()) - 200)

        assert call(f"/{by}/step-up", token).status_code == 200


def test_a_bound_token_and_its_refusals_are_told_in_the_dpop_challenge(issuer, by):
    token = good_token(issuer, cnf={"jkt": jkt_of(KEY)})
    url = f"http://testserver/{by}/scoped"
    proof = make_proof(KEY, token, htu=url)

    answer = call(f"/{by}/scoped", token, "DPoP", headers={"dpop": proof})

    assert answer.status_code == 403
    assert answer["WWW-Authenticate"].startswith(
        f'Bearer realm="{AUDIENCE}", DPoP realm="{AUDIENCE}", {ALGS}, error="insufficient_scope"'
    )


def test_a_nonce_is_given_with_each_answer_where_it_is_wanted(issuer, by, site):
    site.OSTIARY_RESOURCE_SERVER = {**site.OSTIARY_RESOURCE_SERVER, "DPOP_NONCE_REQUIRED": True}
    token = good_token(issuer, cnf={"jkt": jkt_of(KEY)})
    path = f"/{by}/plain"

    def send(**claims):
        proof = make_proof(KEY, token, htu=f"http://testserver{path}", **claims)
        return call(path, token, "DPoP", headers={"dpop": proof})

    without = send()
    assert without.status_code == 401
    assert 'error="use_dpop_nonce"' in without["WWW-Authenticate"]
    served = send(nonce=without["DPoP-Nonce"])
    assert served.status_code == 200
    assert served["DPoP-Nonce"]


def test_an_issuer_that_is_down_is_a_503_without_a_challenge(issuer, by):
    issuer.status = 500

    answer = call(f"/{by}/plain", good_token(issuer))

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "WWW-Authenticate" not in answer


def test_the_user_is_made_of_the_token(issuer, by, site):
    user = "tests.oauth.resource_server.project.user_of"
    site.OSTIARY_RESOURCE_SERVER = {**site.OSTIARY_RESOURCE_SERVER, "USER": user}

    assert call(f"/{by}/plain", good_token(issuer)).json()["user"] == "person-1"
    assert call(f"/{by}/plain", good_token(issuer, sub="nobody")).status_code == 401


def test_without_users_the_framework_has_the_token_for_one(issuer):
    assert call("/drf/plain", good_token(issuer)).json()["user"] == "person-1"


# --- the middleware ----------------------------------------------------------------------------


def test_the_middleware_checks_each_token_and_asks_for_none(issuer, site):
    site.MIDDLEWARE = MIDDLEWARE

    assert call("/say").json() == {"sub": None}
    assert call("/say", good_token(issuer)).json() == {"sub": "person-1"}
    assert call("/say", "x").status_code == 401
    assert call("/django/plain").status_code == 401


def test_a_proof_is_good_for_middleware_and_view_together(issuer, site, by):
    site.MIDDLEWARE = MIDDLEWARE
    token = good_token(issuer, cnf={"jkt": jkt_of(KEY)})
    proof = make_proof(KEY, token, htu=f"http://testserver/{by}/plain")

    answers = [call(f"/{by}/plain", token, "DPoP", headers={"dpop": proof}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 401]


# --- metadata (RFC 9728) -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "path"),
    [
        ("https://api.example", "/.well-known/oauth-protected-resource"),
        ("https://api.example/", "/.well-known/oauth-protected-resource"),
        ("https://api.example/notes", "/.well-known/oauth-protected-resource/notes"),
        ("https://api.example/notes/", "/.well-known/oauth-protected-resource/notes/"),
    ],
)
def test_the_metadata_are_where_a_client_looks_and_every_challenge_says_so(
    site, issuer, by, audience, path
):
    site.OSTIARY_RESOURCE_SERVER = {"ISSUER": issuer.url, "AUDIENCE": audience, "SCOPES": ["a"]}
    site.ROOT_URLCONF = project.WithMetadata()

    found = call(path).json()

    assert found == {
        "resource": audience,
        "authorization_servers": [issuer.url],
        "scopes_supported": ["a"],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"],
    }
    told = f'resource_metadata="https://api.example{path}"'
    assert told in call(f"/{by}/plain")["WWW-Authenticate"]
    assert told in call(f"/{by}/plain", "x")["WWW-Authenticate"]


def test_an_identifier_without_an_address_has_no_metadata():
    urn = ResourceServerSettings(ISSUER="https://id.example", AUDIENCE="urn:example:api")
    with pytest.raises(ImproperlyConfigured):
        metadata_url(ResourceServer(urn))


# --- settings ----------------------------------------------------------------------------------

GOOD = {"ISSUER": "https://id.example", "AUDIENCE": AUDIENCE}
BAD = {
    "ISSUER": ["", "id.example", "http://id.example", "https://", 7],
    "AUDIENCE": ["", "api", 'https://api.example/"'],
    "ALGORITHMS": [[], ["HS256"], ["none"], ["RS256", "HS256"], "RS256"],
    "JWKS_URI": ["http://id.example/jwks", "x"],
    "LEEWAY": [61, "10", -1],
    "BASE_URL": ["api.example", "https://api.example/"],
    "REVOCATION": ["", "blocklist", "introspection", "x"],
    "DPOP_REPLAY_CACHE": ["nowhere"],
    "CLIENT_CERTIFICATE_HEADER": ["Client-Cert"],
    "TRUSTED_PROXIES": [["x"], ["10.0.0.1/8"], "10.0.0.0/8"],
    "AUDIENCES": ["x"],
}


@pytest.mark.parametrize(("name", "value"), [(name, v) for name in BAD for v in BAD[name]])
def test_a_wrong_setting_stops_the_start_with_its_name(site, name, value):
    site.OSTIARY_RESOURCE_SERVER = {**GOOD, name: value}
    site.MIDDLEWARE = MIDDLEWARE

    with pytest.raises(ImproperlyConfigured, match=name):
        call("/say")


def test_several_apis_are_several_objects(issuer, make_server):
    other = make_server(AUDIENCE="https://other.example/")
    ours, theirs = good_token(issuer), good_token(issuer, aud="https://other.example/")

    @protected(server=other)
    def view(request):
        return HttpResponse(request.token.subject)

    class View(project.Drf):
        authentication_classes = [AccessTokenAuthentication.of(other)]
        permission_classes = [HasScopes.of("api:read")]

    for served in (view, View.as_view()):
        assert served(request_with(ours)).status_code == 401
        assert served(request_with(theirs)).status_code == 200


def test_a_string_where_a_list_belongs_is_a_mistake_of_the_developer():
    for make in (
        lambda: protected(scopes="api:read"),
        lambda: protected(acr="aal2"),
        lambda: RequiresStepUp.of(acr="aal2"),
    ):
        with pytest.raises(TypeError):
            make()


def test_an_asynchronous_view_is_told_at_once_that_it_can_not_be():
    async def view(request):
        await asyncio.sleep(0)

    with pytest.raises(TypeError):
        protected()(view)
