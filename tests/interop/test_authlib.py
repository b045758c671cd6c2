"""Authlib's OAuth 2 session, over real HTTP."""

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.jwk import KeySet

from .conftest import REDIRECT_URI

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_signs_a_person_in(issuer, client, person, method):
    told = client(method)
    metadata = httpx.get(f"{issuer}/.well-known/openid-configuration").json()
    key_set = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).json())
    verifier, nonce = generate_token(64), generate_token(20)
    with OAuth2Client(
        told["client_id"],
        told["client_secret"],
        token_endpoint_auth_method=method,
        redirect_uri=REDIRECT_URI,
        scope="openid email offline_access",
        code_challenge_method="S256",
    ) as session:
        url, state = session.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
        )

        callback = person.go(url, until=REDIRECT_URI)
        tokens = session.fetch_token(
            metadata["token_endpoint"],
            authorization_response=callback,
            state=state,
            code_verifier=verifier,
        )

        id_token = jwt.decode(tokens["id_token"], key_set, algorithms=["RS256"])
        assert id_token.claims["nonce"] == nonce
        assert id_token.claims["aud"] == told["client_id"]
        userinfo = session.get(metadata["userinfo_endpoint"]).json()
        assert userinfo["email"] == "grace@example.com"
        assert userinfo["sub"] == id_token.claims["sub"]

        refreshed = session.refresh_token(
            metadata["token_endpoint"], refresh_token=tokens["refresh_token"]
        )
        assert refreshed["refresh_token"] != tokens["refresh_token"]
        assert refreshed["access_token"] != tokens["access_token"]
