"""npm's openid-client and oauth4webapi, over real HTTP."""

import httpx
import pytest

pytestmark = pytest.mark.django_db(transaction=True)

METHODS = ["client_secret_basic", "client_secret_post", "none"]


@pytest.mark.parametrize("method", METHODS)
def test_openid_client_signs_a_person_in(run_node_client, issuer, client, person, method):
    told = client(method)

    learned = run_node_client("openid_client.mjs", {**told, "issuer": issuer}, person)

    assert learned["claims"]["iss"] == issuer
    assert learned["claims"]["email"] == "grace@example.com"
    assert learned["claims"]["amr"] == ["pwd"]
    assert learned["claims"]["acr"] == "urn:ostiary:aal1"
    assert learned["userinfo"]["name"] == "Grace Hopper"
    assert learned["refreshed"]["sub"] == learned["claims"]["sub"]
    assert learned["refreshed"]["auth_time"] == learned["claims"]["auth_time"]
    assert learned["afterRevocation"] == "invalid_grant"


def test_openid_client_signs_the_person_out(run_node_client, issuer, client, person):
    told = client("client_secret_basic")
    learned = run_node_client("openid_client.mjs", {**told, "issuer": issuer}, person)

    assert person.go(learned["logout"], until="https://rp.example/") == "https://rp.example/"
    account = person.browser.get(f"{issuer}/account/")
    assert account.is_redirect
    assert "/signin/" in account.headers["location"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("resource", ["", "https://api.example/"])
def test_oauth4webapi_signs_a_person_in_and_accepts_the_access_token(
    run_node_client, issuer, client, person, method, resource
):
    told = {**client(method), "issuer": issuer, "resource": resource}

    learned = run_node_client("oauth4webapi.mjs", told, person)

    assert learned["claims"]["email"] == "grace@example.com"
    assert learned["accessToken"]["client_id"] == told["client_id"]
    assert learned["accessToken"]["sub"] == learned["claims"]["sub"]
    assert learned["documents"] == [f"{issuer}/oauth/token"] * 2
    assert learned["afterRevocation"] == "invalid_grant"


def test_the_provider_answers_a_stranger_with_an_error_page(issuer):
    answer = httpx.get(f"{issuer}/oauth/authorize", params={"client_id": "nobody"})

    assert answer.status_code == 400
    assert "text/html" in answer.headers["content-type"]
