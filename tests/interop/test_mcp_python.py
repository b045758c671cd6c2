"""The Python SDK of the Model Context Protocol, as an agent and as the server that it uses."""

from __future__ import annotations

import pytest

from tests.machine import free_port
from tests.oauth import flow

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def resource(settings) -> str:
    """The MCP server, for which whoever registers themselves may get tokens."""
    found = f"http://127.0.0.1:{free_port()}/mcp"
    settings.OSTIARY_OAUTH = {
        **settings.OSTIARY_OAUTH,
        "REGISTRATION": "open",
        "REGISTRATION_SCOPES": ["openid", "email", "offline_access", "api:read"],
        "REGISTRATION_AUDIENCES": [found],
    }
    return found


@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        (["api:read"], "api:read offline_access"),
        (None, "openid email offline_access api:read"),  # it asks for all that the provider has
    ],
    ids=["scopes", "no scopes"],
)
def test_an_agent_registers_itself_and_uses_a_tool(
    run_python_client, resource, person, scopes, told
):
    learned = run_python_client(
        "mcp_sdk.py",
        {
            "resource": resource,
            "required_scopes": scopes,
            "redirect_uri": "http://localhost:3030/callback",
            "comes_back": "http://localhost:3030/callback",
        },
        person,
    )

    assert learned["read"] == ["buy milk"] * 2
    assert len(learned["urls"]) == 1  # the second token came by a refresh
    assert len(set(learned["access_tokens"])) == 2
    for token in learned["access_tokens"]:
        assert resource in flow.said_by(token)["aud"]
    assert set(learned["scopes"]) == {told}


def test_an_agent_is_known_by_its_document(run_python_client, resource, person, publish, settings):
    settings.OSTIARY_OAUTH = {
        **settings.OSTIARY_OAUTH,
        "CLIENT_ID_METADATA_HOSTS": ["localhost"],
    }
    document = publish(
        client_name="Agent",
        redirect_uris=["http://127.0.0.1/callback", "http://localhost/callback"],
        grant_types=["authorization_code", "refresh_token"],
        token_endpoint_auth_method="none",
    )
    at = f"http://localhost:{free_port()}/callback"

    learned = run_python_client(
        "mcp_sdk.py",
        {
            "resource": resource,
            "required_scopes": ["api:read"],
            "redirect_uri": at,
            "comes_back": at,
            "document": document,
        },
        person,
    )

    assert learned["client_id"] == document
    assert learned["read"] == ["buy milk"] * 2
