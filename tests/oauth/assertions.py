"""What a client signs."""

import json
import secrets
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from oauth import client_assertion, jwk
from oauth.issuer import endpoint, issuer
from tests.oauth import flow


def new_key(alg="ES256"):
    """A private key for ``alg``."""
    if alg == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if jwk.canonical(alg) == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(key, alg="ES256"):
    """The public JWK of a private key."""
    algorithm = get_default_algorithms()[jwk.canonical(alg)]
    return jwk.public_members(json.loads(algorithm.to_jwk(key.public_key())))


CLIENT_KEY = new_key()


def signed_by(client, *, key=CLIENT_KEY, alg="ES256", header=None, **claims):
    """The parameters of a good client assertion, but for what is told; ``None`` leaves out."""
    claims = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": issuer(),
        "exp": int(time.time()) + 60,
        "iat": int(time.time()),
        "jti": secrets.token_urlsafe(16),
        **claims,
    }
    return {
        "client_assertion_type": client_assertion.TYPE,
        "client_assertion": jwt.encode(
            {name: value for name, value in claims.items() if value is not None},
            key,
            algorithm=alg,
            headers={"kid": "its key"} if header is None else header,
        ),
    }


def make_proof(key, *, alg="ES256", header=None, url="", method="POST", **claims):
    """A valid DPoP proof, but for what is told; a claim of ``None`` is left out."""
    claims = {
        "jti": secrets.token_urlsafe(16),
        "htm": method,
        "htu": url or endpoint("token"),
        "iat": int(time.time()),
        **claims,
    }
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None},
        key,
        algorithm=alg,
        headers={"typ": "dpop+jwt", "jwk": public_jwk(key, alg), **(header or {})},
    )


def request_object(client, *, key=CLIENT_KEY, alg="ES256", header=None, **claims):
    """A good authorization request as a signed object (RFC 9101); ``None`` leaves a claim out."""
    claims = {
        **flow.authorization_params(client, flow.new_verifier()),
        "iss": client.client_id,
        "aud": issuer(),
        "exp": int(time.time()) + 60,
        **claims,
    }
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None},
        key,
        algorithm=alg,
        headers={"kid": "its key", "typ": "oauth-authz-req+jwt"} if header is None else header,
    )
