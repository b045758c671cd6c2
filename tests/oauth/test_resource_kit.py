"""The resource kit takes what this server issues, and no longer than this server says."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from oauth import keys
from oauth.issuer import issuer
from oauth.resource_server import AccessRefused, ResourceServer, ResourceServerSettings
from tests.oauth import flow
from tests.oauth.assertions import new_key
from tests.oauth.conftest import API, make_client
from tests.oauth.resource_server.calls import jkt_of, make_proof
from tests.oauth.test_dpop import make_proof as proof_for_token
from tests.oauth.test_dpop import redeem_with

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def this_server(live_server, settings):
    """The server under its issuer's address, for whom it is a request of another machine."""
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": live_server.url}


def make_api(**changes) -> ResourceServer:
    """An API that takes the tokens of this server."""
    return ResourceServer(ResourceServerSettings(ISSUER=issuer(), AUDIENCE=API, **changes))


def call(api, token, scheme="Bearer", **headers):
    """The token that ``api`` takes. Raises ``AccessRefused``."""
    headers["authorization"] = f"{scheme} {token}"
    return api.authenticate(RequestFactory().get("/notes", headers=headers))


def token_of(client, **params):
    """A token of a client of its own, for the API."""
    answer = flow.post_token(client, grant_type="client_credentials", resource=API, **params)
    return answer.json()["access_token"]


@pytest.mark.parametrize("alg", keys.SIGNING_ALGS)
def test_a_token_for_the_api_is_taken_by_every_algorithm(service_client, alg):
    service_client.access_token_signing_alg = alg
    service_client.save()

    taken = call(make_api(), token_of(service_client))

    assert taken.subject == taken.client_id == service_client.client_id
    assert taken.scopes == {"api:read"}


def test_a_persons_token_tells_how_they_were_authenticated(
    signed_in_browser, confidential_client, person
):
    tokens = flow.sign_in_tokens(
        signed_in_browser, confidential_client, resource=API, scope="openid api:read"
    )

    taken = call(make_api(), tokens["access_token"])

    claims = flow.said_by(tokens["access_token"])
    assert taken.subject == claims["sub"]
    assert (taken.acr, taken.auth_time) == (claims["acr"], claims["auth_time"])


def test_an_id_token_and_a_token_for_another_are_refused(signed_in_browser, confidential_client):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    for token in (tokens["id_token"], tokens["access_token"], tokens["refresh_token"]):
        with pytest.raises(AccessRefused):
            call(make_api(), token)


def test_a_bound_token_is_taken_with_its_proof_alone(signed_in_browser, public_client):
    key, api = new_key(), make_api()
    code, verifier = flow.obtain_code(signed_in_browser, public_client, resource=API)
    token = redeem_with(proof_for_token(key), public_client, code, verifier).json()["access_token"]

    taken = call(api, token, "DPoP", dpop=make_proof(key, token))

    assert taken.confirmation == {"jkt": jkt_of(key)}
    with pytest.raises(AccessRefused):
        call(api, token)


def test_a_key_that_signs_from_now_on_is_known_already(service_client):
    api = make_api()
    call(api, token_of(service_client))
    keys.rotate(service_client.access_token_signing_alg)

    assert call(api, token_of(service_client))


@pytest.fixture
def api_client():
    """The API itself, as a client that may ask about tokens for it."""
    return make_client(
        name="API",
        client_type="confidential",
        grant_types=["client_credentials"],
        scopes=["api:read"],
        serves=[API],
    )


def test_introspection_ends_a_token_with_its_grant(
    signed_in_browser, confidential_client, api_client, settings
):
    settings.CACHES = {
        **settings.CACHES,
        "none": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
    }
    api = make_api(
        REVOCATION="introspection",
        CLIENT_ID=api_client.client_id,
        CLIENT_SECRET=api_client.raw_secret,
        INTROSPECTION_CACHE="none",
    )
    tokens = flow.sign_in_tokens(
        signed_in_browser, confidential_client, resource=API, scope="openid api:read"
    )
    assert call(api, tokens["access_token"])

    flow.post_as(confidential_client, flow.REVOKE, {"token": tokens["refresh_token"]})

    with pytest.raises(AccessRefused):
        call(api, tokens["access_token"])


# --- revocation policies -----------------------------------------------------------------------


@pytest.fixture
def shared_cache(settings, tmp_path):
    """A cache that this server and the API share."""
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {
        **settings.CACHES,
        "shared": {"BACKEND": backend, "LOCATION": str(tmp_path)},
    }
    settings.OSTIARY_OAUTH = {"BLOCKLIST_CACHE": "shared"}


def tokens_under(policy, client, browser):
    """The tokens of a sign-in at a client with this revocation policy."""
    client.revocation_policy = policy
    client.full_clean()
    client.save()
    return flow.sign_in_tokens(browser, client, resource=API, scope="openid api:read")


def test_the_blocklist_ends_a_token_at_once(signed_in_browser, confidential_client, shared_cache):
    api = make_api(REVOCATION="blocklist", BLOCKLIST_CACHE="shared")
    tokens = tokens_under("blocklist", confidential_client, signed_in_browser)
    assert call(api, tokens["access_token"])

    flow.post_as(confidential_client, flow.REVOKE, {"token": tokens["refresh_token"]})

    with pytest.raises(AccessRefused, match="revoked"):
        call(api, tokens["access_token"])


def test_the_status_list_ends_a_token_for_apis_without_our_cache(
    signed_in_browser, confidential_client
):
    tokens = tokens_under("blocklist", confidential_client, signed_in_browser)
    other = tokens_under("blocklist", confidential_client, signed_in_browser)
    assert call(make_api(REVOCATION="status_list"), tokens["access_token"])

    flow.post_as(confidential_client, flow.REVOKE, {"token": tokens["refresh_token"]})

    api = make_api(REVOCATION="status_list")
    with pytest.raises(AccessRefused, match="revoked"):
        call(api, tokens["access_token"])
    assert call(api, other["access_token"])


def test_an_opaque_token_is_taken_by_introspection(
    signed_in_browser, confidential_client, api_client
):
    api = make_api(
        REVOCATION="introspection",
        CLIENT_ID=api_client.client_id,
        CLIENT_SECRET=api_client.raw_secret,
    )
    tokens = tokens_under("opaque", confidential_client, signed_in_browser)

    taken = call(api, tokens["access_token"])

    assert tokens["access_token"].startswith("ost_at_")
    assert (taken.client_id, taken.scopes >= {"api:read"}) == (confidential_client.client_id, True)
