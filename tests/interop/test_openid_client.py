"""npm's openid-client, over real HTTP: every way to ask, to authenticate, and to prove a key."""

import pytest

from .conftest import new_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sign_in(run_node_client, issuer, person):
    """Signs the person in by the client; what it learned."""

    def run(told, **chosen):
        learned = run_node_client("openid_client.mjs", {**told, "issuer": issuer, **chosen}, person)
        assert learned["claims"]["email"] == "grace@example.com"
        assert learned["userinfo"]["email"] == "grace@example.com"
        assert learned["afterRevocation"] == "invalid_grant"
        return learned

    return run


def signing_client(client, alg, **metadata):
    """A client that signs with a key of its own, which it is told."""
    private, public = new_key(alg)
    told = client("private_key_jwt", metadata={"jwks": public, **metadata})
    return {**told, "signing_key": private}


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_it_signs_a_person_in(sign_in, issuer, client, method):
    learned = sign_in(client(method))

    assert learned["claims"]["iss"] == issuer
    assert learned["claims"]["amr"] == ["pwd"]
    assert learned["claims"]["acr"] == "urn:ostiary:aal1"
    assert learned["userinfo"]["name"] == "Grace Hopper"
    assert learned["refreshed"]["sub"] == learned["claims"]["sub"]
    assert learned["refreshed"]["auth_time"] == learned["claims"]["auth_time"]


def test_it_signs_the_person_out(sign_in, issuer, client, person):
    learned = sign_in(client("client_secret_basic"))

    assert person.go(learned["logout"], until="https://rp.example/") == "https://rp.example/"
    account = person.browser.get(f"{issuer}/account/")
    assert account.is_redirect
    assert "/signin/" in account.headers["location"]


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_it_authenticates_by_a_key_of_its_own(sign_in, client, alg):
    sign_in(signing_client(client, alg))


def test_it_authenticates_by_a_signature_with_its_secret(sign_in, client):
    sign_in(client("client_secret_jwt"))


@pytest.mark.parametrize("method", ["client_secret_basic", "none"])
def test_it_pushes_its_request(sign_in, client, method):
    learned = sign_in(
        client(method, metadata={"require_pushed_authorization_requests": True}),
        request=["pushed"],
    )

    assert "request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3A" in learned["goTo"]
    assert "code_challenge" not in learned["goTo"]


@pytest.mark.parametrize("alg", ["ES256", "PS256", "RS256", "Ed25519"])
def test_it_signs_its_request(sign_in, client, alg):
    sign_in(signing_client(client, alg, require_signed_request_object=True), request=["signed"])


@pytest.mark.parametrize("nonce", [False, True])
@pytest.mark.parametrize("method", ["client_secret_basic", "none"])
def test_its_tokens_are_bound_to_its_dpop_key(sign_in, client, settings, method, nonce):
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "DPOP_NONCE_REQUIRED": nonce}

    learned = sign_in(client(method), dpop="ES256")

    assert learned["tokenType"] == "dpop"
    assert learned["withoutProof"]["userinfo"] != "accepted"


def test_pushed_with_a_proof_the_code_is_bound_to_the_key(sign_in, client):
    assert sign_in(client("none"), request=["pushed"], dpop="ES256")["tokenType"] == "dpop"


@pytest.mark.parametrize("alg", ["ES256", "PS256", "Ed25519"])
def test_it_keeps_to_fapi_2_from_end_to_end(sign_in, client, alg):
    private, public = new_key(alg)
    ours = "EdDSA" if alg == "Ed25519" else alg
    told = client(
        "private_key_jwt",
        id_token_signed_response_alg=ours,
        metadata={
            "jwks": public,
            "security_profile": "fapi2",
            "require_pushed_authorization_requests": True,
            "dpop_bound_access_tokens": True,
            "authorization_signed_response_alg": ours,
            "introspection_signed_response_alg": ours,
        },
    )

    learned = sign_in(
        {**told, "signing_key": private},
        metadata={
            "id_token_signed_response_alg": ours,
            "authorization_signed_response_alg": ours,
            "introspection_signed_response_alg": ours,
        },
        request=["signed", "pushed"],
        use=["useJwtResponseMode"],
        dpop=alg,
    )

    assert learned["tokenType"] == "dpop"
    assert learned["withoutProof"]["refresh"] == "invalid_request"
    assert learned["introspected"]["cnf"]["jkt"]
