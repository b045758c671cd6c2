"""An MCP server and an agent that uses it, both of the Model Context Protocol's own SDK.

Nobody has told the agent anything but the server's address: it finds the provider by itself."""

import asyncio
import contextlib
from urllib.parse import parse_qs, urlsplit

import httpx2
import jwt
import uvicorn
from conversation import ask, learn, told
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from mcp.shared.auth import OAuthClientMetadata

KEYS = jwt.PyJWKClient(f"{told['issuer']}/.well-known/jwks.json")


class Verifier:
    """The server reads the tokens by PyJWT."""

    async def verify_token(self, token: str) -> AccessToken | None:
        """What a good token says."""
        key = await asyncio.to_thread(KEYS.get_signing_key_from_jwt, token)
        claims = jwt.decode(token, key, algorithms=["ES256"], audience=told["resource"])
        return AccessToken(
            token=token,
            client_id=claims["client_id"],
            scopes=claims.get("scope", "").split(),
            resource=told["resource"],  # `aud` is a list where UserInfo may be asked too
            subject=claims["sub"],
        )


server = MCPServer(
    "notes",
    token_verifier=Verifier(),
    auth=AuthSettings(
        issuer_url=told["issuer"],
        resource_server_url=told["resource"],
        required_scopes=told["required_scopes"],
        validate_token_resource=True,
    ),
)


@server.tool()
def read() -> str:
    """The notes."""
    return "buy milk"


class Storage:
    """What the agent keeps."""

    tokens = client = None

    async def get_tokens(self):
        """None at first."""
        return self.tokens

    async def set_tokens(self, tokens):
        """After each answer of the token endpoint."""
        kept.append(tokens)
        self.tokens = tokens

    async def get_client_info(self):
        """None at first."""
        return self.client

    async def set_client_info(self, client):
        """After the registration."""
        self.client = client


kept: list = []
urls: list[str] = []
answers: list[str] = []


async def go(url: str) -> None:
    """Send the person to the provider."""
    urls.append(url)
    answers.append(await asyncio.to_thread(ask, go_to=url))


async def come_back() -> AuthorizationCodeResult:
    """What the provider answered."""
    said = {name: value for name, [value] in parse_qs(urlsplit(answers[-1]).query).items()}
    return AuthorizationCodeResult(code=said["code"], state=said["state"], iss=said["iss"])


storage = Storage()
provider = OAuthClientProvider(
    told["resource"],
    OAuthClientMetadata(client_name="Agent", redirect_uris=[told["redirect_uri"]]),
    storage,
    redirect_handler=go,
    callback_handler=come_back,
    client_metadata_url=told.get("document"),
)


async def main() -> None:
    """Use the tool, then again with an access token that has grown old."""
    port = urlsplit(told["resource"]).port
    serving = uvicorn.Server(
        uvicorn.Config(server.streamable_http_app(), port=port, log_level="error")
    )
    running = asyncio.create_task(serving.serve())
    while not serving.started:
        await asyncio.sleep(0.01)
    read = []
    async with (
        httpx2.AsyncClient(auth=provider) as http,
        Client(streamable_http_client(told["resource"], http_client=http)) as agent,
    ):
        read.append((await agent.call_tool("read")).content[0].text)
        provider.context.token_expiry_time = 1
        read.append((await agent.call_tool("read")).content[0].text)
    serving.should_exit = True
    with contextlib.suppress(asyncio.CancelledError):
        await running
    learn(
        urls=urls,
        read=read,
        client_id=storage.client.client_id,
        scopes=[tokens.scope for tokens in kept],
        access_tokens=[tokens.access_token for tokens in kept],
    )


asyncio.run(main())
