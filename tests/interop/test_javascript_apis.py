"""Libraries with which APIs in JavaScript check our access tokens: npm's jose and
express-oauth2-jwt-bearer."""

import httpx
import pytest

from tests.oauth.flow import said_by

from .conftest import API

pytestmark = pytest.mark.django_db(transaction=True)

OTHER = "https://other.example/"


@pytest.fixture
def token(issuer, client):
    """Gets a token of a service for an API."""
    told = client(
        "client_secret_basic",
        grant_types=["client_credentials"],
        scopes=["api:read"],
        audiences=[API, OTHER],
    )

    def run(resource: str) -> str:
        answer = httpx.post(
            f"{issuer}/oauth/token",
            data={"grant_type": "client_credentials", "resource": resource},
            auth=(told["client_id"], told["client_secret"]),
        )
        return str(answer.json()["access_token"])

    return run


def test_they_take_tokens_for_them_and_no_others(run_node_client, issuer, token):
    mine = token(API)
    tokens = {"mine": mine, "of another": token(OTHER), "altered": mine[:-9] + mine[:9]}

    learned = run_node_client(
        "resource_servers.mjs", {"issuer": issuer, "audience": API, "tokens": tokens}
    )

    assert learned.keys() == {"usual", "strict", "jose"}
    for said in learned.values():
        assert said["mine"] == said_by(mine)
        assert "error" in said["of another"]
        assert "error" in said["altered"]
