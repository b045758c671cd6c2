"""An API that reads tokens by three libraries, with the keys that the provider publishes."""

import jwt
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from conversation import ask, learn, told
from jose import jwt as python_jose
from joserfc import jwt as joserfc
from joserfc.jwk import KeySet

metadata = requests.get(f"{told['issuer']}/.well-known/openid-configuration", timeout=10).json()
session = OAuth2Session(
    told["client_id"],
    told["client_secret"],
    scope="openid email",
    redirect_uri=told["redirect_uri"],
    code_challenge_method="S256",
)
verifier = generate_token(64)
url, state = session.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier
)
tokens = session.fetch_token(
    metadata["token_endpoint"],
    authorization_response=ask(go_to=url),
    state=state,
    code_verifier=verifier,
)
keys = requests.get(metadata["jwks_uri"], timeout=10).json()
by_address = jwt.PyJWKClient(metadata["jwks_uri"])


def by_pyjwt(token: str, algorithm: str, audience: str) -> dict:
    """The claims, verified."""
    key = by_address.get_signing_key_from_jwt(token)
    return jwt.decode(
        token, key, algorithms=[algorithm], audience=audience, issuer=metadata["issuer"]
    )


def by_joserfc(token: str, algorithm: str, audience: str) -> dict:
    """The claims, verified."""
    read = joserfc.decode(token, KeySet.import_key_set(keys), algorithms=[algorithm])
    wanted = joserfc.JWTClaimsRegistry(
        iss={"essential": True, "value": metadata["issuer"]},
        aud={"essential": True, "value": audience},
    )
    wanted.validate(read.claims)
    return read.claims


def by_python_jose(token: str, algorithm: str, audience: str) -> dict:
    """The claims, verified by the key that the token names: of a whole set it tries the first."""
    kid = python_jose.get_unverified_header(token)["kid"]
    [key] = [key for key in keys["keys"] if key["kid"] == kid]
    return python_jose.decode(
        token,
        key,
        algorithms=[algorithm],
        audience=audience,
        issuer=metadata["issuer"],
        access_token=tokens["access_token"],
    )


learn(
    **{
        reader.__name__: [
            reader(tokens["id_token"], "RS256", told["client_id"])["sub"],
            reader(tokens["access_token"], "ES256", metadata["issuer"])["sub"],
        ]
        for reader in (by_pyjwt, by_joserfc, by_python_jose)
    }
)
