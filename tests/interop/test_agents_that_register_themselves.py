"""Agents and editors that use MCP servers and are no libraries to be run here: each registers with
the very metadata that public reports quote, signs a person in, and renews."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.oauth.flow import said_by

pytestmark = pytest.mark.django_db(transaction=True)

SERVER = "https://mcp.example.com/mcp"
VERIFIER = "a verifier of forty-three characters or more".replace(" ", "-")
CURSOR = "cursor://anysphere.cursor-mcp/oauth/callback"

VS_CODE: dict[str, Any] = {  # modelcontextprotocol/python-sdk #1379
    "client_name": "Visual Studio Code",
    "client_uri": "https://code.visualstudio.com",
    "grant_types": [
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
    ],
    "response_types": ["code"],
    "redirect_uris": [
        "https://insiders.vscode.dev/redirect",
        "https://vscode.dev/redirect",
        "http://localhost/",
        "http://127.0.0.1/",
        "http://localhost:33418/",
        "http://127.0.0.1:33418/",
    ],
    "token_endpoint_auth_method": "none",
    "application_type": "native",
}
CLAUDE_CODE: dict[str, Any] = {  # elmohq/elmo #684, better-auth/better-auth #10937
    "client_name": "Claude Code (notes)",
    "redirect_uris": ["http://localhost:3118/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
    "application_type": "native",
}
CLAUDE: dict[str, Any] = {  # anthropics/claude-code #5826, modelcontextprotocol #653
    "client_name": "Claude",
    "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "client_secret_post",
    "scope": "claudeai",
}
CURSORS: dict[str, Any] = {  # erp-mafia/accounted #2225, soflyy/agent-connector-for-wp #111
    "client_name": "Cursor",
    "redirect_uris": [
        CURSOR,
        "https://www.cursor.com/agents/mcp/oauth/callback",
        "http://localhost:8787/callback",
    ],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}


@pytest.fixture(autouse=True)
def open_registration(settings):
    """The site takes applications that register themselves, for one MCP server."""
    settings.OSTIARY_OAUTH = {
        **settings.OSTIARY_OAUTH,
        "REGISTRATION": "open",
        "REGISTRATION_SCOPES": ["openid", "profile", "api:read", "offline_access"],
        "REGISTRATION_AUDIENCES": [SERVER],
    }


@pytest.fixture
def sign_in(issuer, person):
    """Registers an agent and signs a person in to it, who comes back to an address of its own; what
    it was registered as, and the two answers with tokens."""

    def run(body, comes_back, scope):
        with httpx.Client() as agent:
            metadata = agent.get(f"{issuer}/.well-known/oauth-authorization-server").json()
            registered = agent.post(metadata["registration_endpoint"], json=body)
            assert registered.status_code == 201, registered.text
            known = registered.json()
            secret = {"client_secret": known["client_secret"]} if "client_secret" in known else {}
            digest = hashlib.sha256(VERIFIER.encode()).digest()
            asked = {
                "client_id": known["client_id"],
                "response_type": "code",
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
                "redirect_uri": comes_back,
                "state": "a state",
                "resource": SERVER,
                **({"scope": scope} if scope else {}),
            }
            url = f"{metadata['authorization_endpoint']}?{urlencode(asked)}"
            back = parse_qs(urlsplit(person.go(url, until=comes_back)).query)

            def ask(**grant):
                form = {"client_id": known["client_id"], "resource": SERVER, **secret, **grant}
                answer = agent.post(metadata["token_endpoint"], data=form)
                assert answer.status_code == 200, answer.text
                return answer.json()

            tokens = ask(
                grant_type="authorization_code",
                code=back["code"][0],
                code_verifier=VERIFIER,
                redirect_uri=comes_back,
            )
            return (
                known,
                tokens,
                ask(grant_type="refresh_token", refresh_token=tokens["refresh_token"]),
            )

    return run


@pytest.mark.parametrize("scope", ["api:read", ""], ids=["with a scope", "without"])
@pytest.mark.parametrize(
    ("body", "comes_back"),
    [
        pytest.param(VS_CODE, "http://127.0.0.1:33418/", id="VS Code"),
        pytest.param(VS_CODE, "https://vscode.dev/redirect", id="VS Code in the browser"),
        pytest.param(VS_CODE, "http://localhost:51234/", id="VS Code at another port"),
        pytest.param(CLAUDE_CODE, "http://localhost:3118/callback", id="Claude Code"),
        pytest.param(CLAUDE, "https://claude.ai/api/mcp/auth_callback", id="claude.ai"),
        pytest.param(CURSORS, "http://localhost:8787/callback", id="Cursor"),
    ],
)
def test_it_signs_a_person_in_and_renews(sign_in, body, comes_back, scope):
    known, tokens, renewed = sign_in(body, comes_back, scope)

    assert known["redirect_uris"] == [uri for uri in body["redirect_uris"] if uri != CURSOR]
    assert known["grant_types"] == ["authorization_code", "refresh_token"]
    for answer in (tokens, renewed):
        assert "api:read" in answer["scope"].split()
        assert SERVER in said_by(answer["access_token"])["aud"]


def test_cursor_comes_back_by_its_scheme_where_the_operator_has_named_it(sign_in, settings):
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "PRIVATE_USE_SCHEMES": ["cursor"]}

    known, tokens, _ = sign_in(CURSORS, CURSOR, "api:read")

    assert known["redirect_uris"] == CURSORS["redirect_uris"]
    assert said_by(tokens["access_token"])["aud"] == SERVER
