"""npm's @modelcontextprotocol/sdk, client and server: a client that knows the address of an MCP
server and nothing of us."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.machine import free_port

REDIRECT_URI = "http://localhost:8090/callback"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def resource(settings) -> str:
    """The address of an MCP server, which applications that register themselves get tokens for."""
    address = f"http://127.0.0.1:{free_port()}/mcp"
    settings.OSTIARY_OAUTH = {
        **settings.OSTIARY_OAUTH,
        "REGISTRATION": "open",
        "REGISTRATION_SCOPES": ["api:read", "openid", "profile", "email", "offline_access"],
        "REGISTRATION_AUDIENCES": [address],
    }
    return address


@pytest.fixture
def use(run_node_client, issuer, resource, person):
    """Lets the client use a tool; what it learned."""

    def run(comes_back: str, decision: str = "allow", **told: Any) -> dict[str, Any]:
        told = {"issuer": issuer, "resource": resource, "comes_back": comes_back, **told}
        return run_node_client(
            "mcp_client.mjs",
            told,
            go_to=lambda url: person.go(url, until=comes_back, decision=decision),
        )

    return run


def saying(**metadata: Any) -> dict[str, Any]:
    """What the SDK's own example says of itself."""
    return {
        "client_name": "A client of MCP servers",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        **metadata,
    }


def asked(learned: dict[str, Any]) -> dict[str, str]:
    """The parameters with which the client sent the person here."""
    return {name: value for name, [value] in parse_qs(urlsplit(learned["goTo"]).query).items()}


def learned_well(learned: dict[str, Any], resource: str) -> bool:
    """Whether it used the tool by a token for the MCP server, and by the next one as well."""
    first, renewed = learned["first"], learned["renewed"]
    return (
        first["said"]["resource"] == renewed["said"]["resource"] == resource
        and first["said"]["clientId"] == learned["client"]["client_id"]
        and first["tokens"]["refresh_token"] != renewed["tokens"]["refresh_token"]
    )


@pytest.mark.parametrize("method", ["none", "client_secret_post", "client_secret_basic", None])
def test_it_registers_itself_and_uses_a_tool(use, resource, method):
    metadata = saying(**({"token_endpoint_auth_method": method} if method else {}))

    learned = use(REDIRECT_URI, metadata=metadata, scopes=["api:read"])

    assert asked(learned)["scope"] == "api:read"
    assert asked(learned)["resource"] == resource
    assert learned_well(learned, resource)


def test_it_uses_the_tool_of_a_server_that_names_no_scope(use, resource):
    learned = use(REDIRECT_URI, metadata=saying())

    assert "scope" not in asked(learned)
    assert learned_well(learned, resource)


@pytest.mark.parametrize("scopes", [{"scopes": ["api:read"]}, {}], ids=["with scopes", "without"])
def test_it_is_known_by_its_document_and_comes_back_to_any_port(
    use, resource, publish, settings, scopes
):
    settings.OSTIARY_OAUTH = {
        **settings.OSTIARY_OAUTH,
        "REGISTRATION": "closed",
        "CLIENT_ID_METADATA_HOSTS": ["localhost"],
    }
    metadata = saying(
        token_endpoint_auth_method="none",
        redirect_uris=["http://localhost/callback", "http://127.0.0.1/callback"],
    )
    client_id = publish(**metadata)

    learned = use(
        f"http://localhost:{free_port()}/callback",
        metadata=metadata,
        client_metadata_url=client_id,
        **scopes,
    )

    assert asked(learned)["client_id"] == client_id
    assert learned_well(learned, resource)


def test_it_is_told_that_the_person_refused(use):
    learned = use(REDIRECT_URI, decision="deny", metadata=saying(), scopes=["api:read"])

    assert learned["error"] == "access_denied"


def test_it_signs_a_person_in_to_a_page(run_node_client, open_application, issuer, resource):
    seen = []
    asked = []

    def serving(_: str) -> str:
        page = open_application("mcp_sdk", {}, resource=resource)
        page.window.on("request", lambda one: asked.append(one))
        seen.extend([page.sign_in(), page.ask("renew()")])
        return "done"

    told = {"issuer": issuer, "resource": resource, "scopes": ["api:read"]}
    run_node_client("mcp_serving.mjs", told, serving=serving)

    assert [tokens["scope"] for tokens in seen] == ["api:read", "api:read"]
    assert seen[0]["access_token"] != seen[1]["access_token"]
    # It asks once more without its header where the first request does not get through.
    metadata = [one for one in asked if one.url.endswith("/.well-known/oauth-authorization-server")]
    assert metadata
    assert all("mcp-protocol-version" in one.headers for one in metadata)
