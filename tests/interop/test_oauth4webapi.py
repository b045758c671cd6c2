"""npm's oauth4webapi, over real HTTP: as a relying party and as a protected resource."""

import pytest

from tests.examples.conftest import run_example as run_example

from .conftest import API, new_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sign_in(run_node_client, issuer, person):
    """Signs the person in, and asks an API in their name; what was learned."""

    def run(told, **chosen):
        asked = {**told, "issuer": issuer, **chosen}
        learned = run_node_client("oauth4webapi.mjs", asked, person)
        assert learned["claims"]["email"] == "grace@example.com"
        assert learned["accessToken"]["client_id"] == told["client_id"]
        assert learned["accessToken"]["sub"] == learned["claims"]["sub"]
        assert learned["documents"] == [f"{issuer}/oauth/token"] * 2
        assert learned["afterRevocation"] == "invalid_grant"
        return learned

    return run


@pytest.mark.parametrize(
    ("method", "resource"),
    [("client_secret_basic", ""), ("client_secret_post", API), ("none", API)],
)
def test_it_signs_a_person_in_and_accepts_the_access_token(sign_in, client, method, resource):
    sign_in(client(method), resource=resource)


@pytest.mark.parametrize("alg", ["ES256", "PS256", "Ed25519"])
def test_pushed_signed_and_proven_requests_get_signed_answers(sign_in, client, alg):
    private, public = new_key(alg)
    ours = "EdDSA" if alg == "Ed25519" else alg
    registered = {
        "authorization_signed_response_alg": ours,
        "introspection_signed_response_alg": ours,
    }
    told = client("private_key_jwt", metadata={"jwks": public, **registered})

    learned = sign_in(
        {**told, "signing_key": private},
        request=["signed", "pushed", "answered by jwt"],
        dpop=alg,
        resource=API,
        metadata=registered,
    )

    assert learned["callback"].startswith("https://rp.example/callback?response=")
    assert learned["tokenType"] == "dpop"
    assert learned["introspected"]["active"] is True
    assert learned["introspected"]["cnf"] == learned["accessToken"]["cnf"]


def test_an_introspection_answer_is_signed_where_it_asks_so(sign_in, client):
    learned = sign_in(client("client_secret_basic"))

    assert learned["introspected"]["active"] is True


def test_it_finds_the_issuer_by_the_metadata_of_an_api(
    run_node_client, issuer, client, run_example
):
    told = client("client_secret_basic", grant_types=["client_credentials"], scopes=["api:read"])
    api = run_example("protected_api", "API_PORT", ISSUER_URL=issuer, API_AUDIENCE=API)

    learned = run_node_client(
        "oauth4webapi_resource.mjs", {**told, "api": f"{api}/", "resource": API}
    )

    challenged = learned["challenges"][0]
    assert challenged["scheme"] == "bearer"
    assert challenged["parameters"]["error"] == "invalid_token"
    assert challenged["parameters"]["resource_metadata"].endswith(
        "/.well-known/oauth-protected-resource"
    )
    assert learned["metadata"]["authorization_servers"] == [issuer]
    assert learned["status"] == 200
    assert learned["answer"]["client_id"] == told["client_id"]
