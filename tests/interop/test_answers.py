"""The answers of the authorization endpoint, UserInfo and introspection in every form, read by
npm's openid-client."""

import pytest
from joserfc.jwk import ECKey, RSAKey

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("use", "response_types", "begins"),
    [
        (["useJwtResponseMode"], ["code"], "https://rp.example/callback?response="),
        (["useCodeIdTokenResponseType"], ["code id_token"], "https://rp.example/callback#code="),
        (  # s_hash, as FAPI 1.0 wants it
            ["useCodeIdTokenResponseType", "enableDetachedSignatureResponseChecks"],
            ["code id_token"],
            "https://rp.example/callback#code=",
        ),
    ],
)
def test_signed_and_hybrid_answers(
    run_node_client, issuer, client, person, use, response_types, begins
):
    told = client("client_secret_basic", metadata={"response_types": response_types})

    learned = run_node_client(
        "openid_client.mjs",
        {**told, "issuer": issuer, "use": use},
        person,
    )

    assert learned["callback"].startswith(begins)
    assert learned["claims"]["email"] == "grace@example.com"


@pytest.mark.parametrize(
    ("alg", "key"),
    [
        ("RSA-OAEP-256", RSAKey.generate_key(2048)),
        ("ECDH-ES", ECKey.generate_key("P-256")),
        ("ECDH-ES+A256KW", ECKey.generate_key("P-256")),
    ],
)
def test_encrypted_answers(run_node_client, issuer, client, person, alg, key):
    jwk = {**key.as_dict(private=True), "kid": "k", "alg": alg, "use": "enc"}
    public = {**key.as_dict(private=False), "kid": "k", "alg": alg, "use": "enc"}
    registered = {
        "authorization_signed_response_alg": "ES256",
        "userinfo_signed_response_alg": "PS256",
        "introspection_signed_response_alg": "ES256",
        **{
            f"{what}_encrypted_response_{member}": value
            for what in ("id_token", "userinfo", "authorization", "introspection")
            for member, value in (("alg", alg), ("enc", "A256GCM"))
        },
    }
    told = client("client_secret_basic", metadata={**registered, "jwks": {"keys": [public]}})

    learned = run_node_client(
        "openid_client.mjs",
        {
            **told,
            "issuer": issuer,
            "use": ["useJwtResponseMode"],
            "metadata": registered,
            "key": jwk,
        },
        person,
    )

    assert learned["claims"]["email"] == "grace@example.com"
    assert learned["userinfo"]["email"] == "grace@example.com"
    assert learned["introspected"]["active"] is True
    assert learned["idToken"].count(".") == 4
