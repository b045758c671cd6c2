"""What software that people have registers with, as it was reported in public: each gets a client
that can sign people in, unchanged. (The whole flows of some of them are in tests/interop.)"""

import json

import pytest
from django.core.cache import cache
from django.test import Client as Browser

from oauth.models import Client
from tests.oauth import flow
from tests.oauth.far_end import far_end

pytestmark = pytest.mark.django_db

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
CODE = {"grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"]}
PUBLIC = {**CODE, "token_endpoint_auth_method": "none"}

# By name: the report, what is registered, and the redirect URI that the client comes with.
REGISTRATIONS = {
    "Visual Studio Code (python-sdk #1379, fastmcp #1868, vscode #252226)": (
        {
            **PUBLIC,
            "client_name": "Visual Studio Code",
            "client_uri": "https://code.visualstudio.com",
            "grant_types": ["authorization_code", "refresh_token", DEVICE],
            "redirect_uris": [
                "https://insiders.vscode.dev/redirect",
                "https://vscode.dev/redirect",
                "http://localhost/",
                "http://127.0.0.1/",
                "http://localhost:33418/",
                "http://127.0.0.1:33418/",
            ],
            "scope": "openid profile",
            "application_type": "native",
        },
        "http://127.0.0.1:51004/",
    ),
    "claude.ai (modelcontextprotocol #653, claude-ai-mcp #1043)": (
        {
            **CODE,
            "client_name": "Claude",
            "token_endpoint_auth_method": "client_secret_post",
            "scope": "claudeai",
            "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
        },
        "https://claude.ai/api/mcp/auth_callback",
    ),
    "Claude Code (appstrate #1267, elmo #684)": (
        {
            **PUBLIC,
            "client_name": "Claude Code (notes)",
            "application_type": "native",
            "redirect_uris": ["http://localhost:3118/callback"],
        },
        "http://localhost:3118/callback",
    ),
    "Cursor (accounted #2225, agent-connector-for-wp #111, worldmonitor #8305)": (
        {
            **PUBLIC,
            "client_name": "Cursor",
            "redirect_uris": [
                "cursor://anysphere.cursor-mcp/oauth/callback",
                "https://www.cursor.com/agents/mcp/oauth/callback",
                "http://localhost:8787/callback",
            ],
        },
        "http://localhost:8787/callback",
    ),
    "MCP Inspector, which says one twice (inspector #710, #825)": (
        {
            **PUBLIC,
            "client_name": "MCP Inspector",
            "client_uri": "https://github.com/modelcontextprotocol/inspector",
            "redirect_uris": ["http://localhost:6274/oauth/callback/debug"] * 2,
            "scope": "openid profile email",
        },
        "http://localhost:6274/oauth/callback/debug",
    ),
    "mcp-remote (mcp-remote #24, claude-code #24870)": (
        {
            **PUBLIC,
            "client_name": "MCP CLI Proxy",
            "client_uri": "https://github.com/modelcontextprotocol/mcp-cli",
            "software_id": "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
            "software_version": "0.1.37",
            "redirect_uris": ["http://localhost:35535/oauth/callback"],
        },
        "http://localhost:35535/oauth/callback",
    ),
    "Codex (codex #30460, higgsfield-ai/cli #77)": (
        {
            **PUBLIC,
            "client_name": "Codex",
            "application_type": "native",
            "redirect_uris": ["http://127.0.0.1:56444/callback/sqXrK_ZgopWE"],
        },
        "http://127.0.0.1:56444/callback/sqXrK_ZgopWE",
    ),
    "opencode (elmo #684)": (
        {
            **PUBLIC,
            "client_name": "OpenCode",
            "client_uri": "https://opencode.ai",
            "redirect_uris": ["http://127.0.0.1:19876/mcp/oauth/callback"],
        },
        "http://127.0.0.1:19876/mcp/oauth/callback",
    ),
    "Goose (goose #8918, #9209)": (
        {
            "client_name": "goose",
            "redirect_uris": ["http://127.0.0.1:3334/oauth_callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
            "response_types": ["code"],
            "scope": "",
        },
        "http://127.0.0.1:3334/oauth_callback",
    ),
    "ChatGPT (dexter-mcp #3)": (
        {
            **CODE,
            "client_name": "ChatGPT",
            "token_endpoint_auth_method": "client_secret_basic",
            "redirect_uris": ["https://chatgpt.com/connector_platform_oauth_redirect"],
        },
        "https://chatgpt.com/connector_platform_oauth_redirect",
    ),
    "a client with members of its own (globalping-mcp-server #12)": (
        {
            "client_name": "HopperAI Mobile Client",
            "redirect_uris": ["hopperai://oauth", "https://hopper.example/oauth"],
            "response_types": ["code"],
            "grant_types": ["authorization_code"],
            "token_endpoint_auth_method": "none",
            "code_challenge_method": "S256",
        },
        "https://hopper.example/oauth",
    ),
    "oidc-agent, with all its flows (oidc-agent #90)": (
        {
            "client_name": "oidc-agent:demo",
            "application_type": "web",
            "redirect_uris": [
                "edu.kit.data.oidc-agent:/redirect",
                "http://localhost:4242",
                "http://localhost:8080",
            ],
            "grant_types": ["refresh_token", "authorization_code", DEVICE],
            "response_types": ["code", "token"],
            "scope": "openid profile offline_access wlcg.groups",
        },
        "http://localhost:4242",
    ),
}


@pytest.mark.parametrize(("body", "comes_with"), REGISTRATIONS.values(), ids=REGISTRATIONS)
def test_it_registers_and_signs_in(settings, signed_in_browser, body, comes_with):
    settings.OSTIARY_OAUTH = {"REGISTRATION": "open"}

    answer = Browser().post("/oauth/register", json.dumps(body), "application/json")

    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert set(told["grant_types"]) <= set(body["grant_types"]) - {DEVICE}
    assert "code" in told["response_types"]
    assert None not in told.values()
    assert set(told["redirect_uris"]) <= set(body["redirect_uris"])
    client = Client.objects.get(client_id=told["client_id"])
    client.raw_secret = told.get("client_secret", "")
    assert client.auth_methods == [told["token_endpoint_auth_method"]]
    if client.auth_methods == ["client_secret_post"]:
        return  # (the next would prove itself by the header)
    scope = told["scope"]
    tokens = flow.sign_in_tokens(signed_in_browser, client, scope=scope, redirect_uri=comes_with)
    assert tokens["id_token"]


# By name: the report, the document beside its client_id, and the redirect URI of the client.
DOCUMENTS = {
    "Claude Code (claude-code #37747, #42301; fastmcp, toolhive #6189, better-auth #10937)": (
        {
            **PUBLIC,
            "client_name": "Claude Code",
            "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
        },
        "http://localhost:58135/callback",
    ),
    "opencode (opencode #47737)": (
        {
            **PUBLIC,
            "client_name": "opencode",
            "client_uri": "https://opencode.ai",
            "logo_uri": "https://opencode.ai/web-app-manifest-512x512.png",
            "application_type": "native",
            "redirect_uris": ["http://127.0.0.1/callback", "http://localhost/callback"],
            "token_endpoint_auth_methods_supported": ["none"],
        },
        "http://localhost:19876/callback",
    ),
    "GitHub Copilot CLI (copilot-cli #4793)": (
        {
            **PUBLIC,
            "client_name": "GitHub Copilot CLI",
            "application_type": "native",
            "redirect_uris": ["http://127.0.0.1:33418/"],
        },
        "http://127.0.0.1:60005/",
    ),
    "Goose (goose #8550)": (
        {**PUBLIC, "client_name": "Goose", "redirect_uris": ["http://localhost"]},
        "http://localhost:45123",
    ),
    "ChatGPT (django-oauth-toolkit #1845, #1857)": (
        {
            **CODE,
            "client_name": "ChatGPT",
            "client_uri": "https://chatgpt.com/",
            "logo_uri": "https://persistent.oaistatic.com/sonic/misc/openai-logo.png",
            "redirect_uris": ["https://chatgpt.com/connector_platform_oauth_redirect"],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "token_endpoint_auth_signing_alg": "RS256",
            "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
        },
        "https://chatgpt.com/connector_platform_oauth_redirect",
    ),
}


@pytest.mark.parametrize(("document", "comes_with"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_its_document_signs_in(settings, signed_in_browser, document, comes_with):
    settings.OSTIARY_OAUTH = {"CLIENT_ID_METADATA_HOSTS": ["127.0.0.1"]}
    cache.clear()
    with far_end() as end:
        client_id = f"{end.url}client.json"
        end.body = json.dumps({"client_id": client_id, **document}).encode()
        asking = Client(
            client_id=client_id, redirect_uris=comes_with, scopes=["openid", "offline_access"]
        )
        code, verifier = flow.obtain_code(signed_in_browser, asking)

    assert code
    client = Client.objects.get()
    assert client.auth_methods == [document["token_endpoint_auth_method"]]
    if client.is_public:
        answer = flow.redeem(client, code, verifier, redirect_uri=comes_with)
        assert answer.json()["refresh_token"]
