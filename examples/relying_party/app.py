"""An application that signs people in with OpenID Connect.

Authorization code flow with PKCE (RFC 7636), ``state``, ``nonce`` and the ``iss`` parameter
(RFC 9207); an access token for an API (RFC 8707); refresh; RP-initiated logout, and back-channel
logout. Nothing in here knows which provider it talks to: that comes from the environment.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth, OAuthError
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from .backchannel_logout import BadLogoutToken, Seen, is_meant, verify
from .sessions import ServerSideSessions, renew

HERE = Path(__file__).parent
ISSUER_URL = os.environ.get("ISSUER_URL", "http://localhost:8000")
CLIENT_ID = os.environ.get("CLIENT_ID", "demo-web")
CLIENT_SECRET = os.environ.get("CLIENT_SECRET", "")
RP_PORT = int(os.environ.get("RP_PORT", "9000"))
RP_URL = os.environ.get("RP_URL", f"http://localhost:{RP_PORT}").rstrip("/")
API_URL = os.environ.get("API_URL", "http://localhost:9001/")

SCOPE = "openid profile email offline_access api:read"
PASSED_ON = ("prompt", "max_age", "acr_values", "login_hint", "scope")
"""Parameters of ``/login`` that are handed on to the provider (OIDC Core §3.1.2.1)."""

provider: Any = OAuth().register(  # Authlib is untyped
    "provider",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET or None,
    server_metadata_url=ISSUER_URL.rstrip("/") + "/.well-known/openid-configuration",
    client_kwargs={
        "scope": SCOPE,
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": "client_secret_basic" if CLIENT_SECRET else "none",
        "timeout": 10,
    },
)
LARGEST_FORM = 64 * 1024
KEYS_SECONDS = 60
keys_fetched_at = float("-inf")
seen = Seen()
templates = Jinja2Templates(HERE / "templates")


async def metadata() -> dict[str, Any]:
    """What the provider says of itself. Raises ``OAuthError`` if it is another (Discovery §4.3)."""
    found: dict[str, Any] = await provider.load_server_metadata()
    if found.get("issuer") != ISSUER_URL:
        raise OAuthError("wrong_issuer", f"The provider calls itself {found.get('issuer')}.")
    return found


async def login(request: Request) -> Response:
    """Send the person to the provider. Authlib makes and keeps state, nonce and verifier."""
    await metadata()
    query = request.query_params
    wishes = {name: query[name] for name in PASSED_ON if name in query}
    redirect: Response = await provider.authorize_redirect(
        request, f"{RP_URL}/callback", resource=API_URL, **wishes
    )
    return redirect


async def callback(request: Request) -> Response:
    """Take the provider's answer: check it, redeem the code, start a session."""
    check_issuer(request.query_params.get("iss"), await metadata())
    token = await provider.authorize_access_token(request)  # state, code, ID token and its nonce
    claims = token.pop("userinfo", None)
    if claims is None:
        raise OAuthError("no_id_token", "The provider sent no ID token.")
    renew(request.session, token=token, claims=dict(claims), userinfo=await userinfo(token, claims))
    return RedirectResponse("/", 303)


def check_issuer(iss: str | None, provider_metadata: dict[str, Any]) -> None:
    """Refuse an answer that another provider gave (mix-up attack, RFC 9207 §2.4)."""
    required = provider_metadata.get("authorization_response_iss_parameter_supported", False)
    if iss != ISSUER_URL and (required or iss is not None):
        raise OAuthError("wrong_issuer", "This answer does not come from our provider.")


async def userinfo(token: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    """What the provider tells about the person; it has to be the same one (OIDC Core §5.3.2)."""
    # Without the refresh token, which Authlib would otherwise use up on its own when it sees fit.
    bearer = {"access_token": token["access_token"], "token_type": "Bearer"}
    found = dict(await provider.userinfo(token=bearer))
    if found.get("sub") != claims["sub"]:
        raise OAuthError("wrong_subject", "UserInfo is about another person.")
    return found


async def refresh(request: Request) -> Response:
    """Trade the refresh token for new tokens. It is rotated: the answer holds the next one."""
    token = request.session.get("token", {})
    refresh_token = token.pop("refresh_token", None)  # so that no second click sends it again
    if not refresh_token:
        raise OAuthError("no_refresh_token", "There is nothing to refresh: please sign in again.")
    await metadata()
    new = await provider.fetch_access_token(grant_type="refresh_token", refresh_token=refresh_token)
    if "id_token" in new:  # same person, same issuer, our client (OIDC Core §12.2)
        claims = await provider.parse_id_token(new, nonce=None)
        if claims["sub"] != request.session["claims"]["sub"]:
            raise OAuthError("wrong_subject", "The refreshed ID token is about another person.")
        request.session["claims"] = dict(claims)
    request.session["token"] = {**token, "refresh_token": refresh_token, **new}
    request.session["notice"] = f"Tokens refreshed at {time.strftime('%H:%M:%S')}."
    return RedirectResponse("/", 303)


async def api_call(request: Request) -> Response:
    """Call the API with the access token, and show what it says."""
    token = request.session.get("token")
    if not token:
        return RedirectResponse("/login", 303)
    async with httpx2.AsyncClient(timeout=10) as client:
        answer = await client.get(
            API_URL, headers={"Authorization": f"Bearer {token['access_token']}"}
        )
    try:
        body = json.dumps(answer.json(), indent=2, ensure_ascii=False)
    except ValueError:
        body = answer.text[:2000]
    request.session["api_answer"] = {
        "status": answer.status_code,
        "challenge": answer.headers.get("WWW-Authenticate", ""),
        "body": body,
    }
    return RedirectResponse("/", 303)


async def logout(request: Request) -> Response:
    """End our session, then the provider's (RP-Initiated Logout §2)."""
    id_token = request.session.get("token", {}).get("id_token")
    renew(request.session)
    if "end_session_endpoint" not in await metadata():
        return RedirectResponse("/", 303)
    there = await provider.create_logout_url(
        post_logout_redirect_uri=f"{RP_URL}/", id_token_hint=id_token, client_id=CLIENT_ID
    )
    return RedirectResponse(there["url"], 303)


async def backchannel_logout(request: Request) -> Response:
    """The provider says that a session has ended: end ours (Back-Channel Logout §2.5–2.8)."""
    form = parse_qs((await body_of(request, LARGEST_FORM)).decode(errors="replace"))
    try:
        claims = await logout_claims(form.get("logout_token", [""])[0])
        if not seen.is_new(claims):
            raise BadLogoutToken("This logout token was already used.")
    except (BadLogoutToken, JoseError, ValueError) as error:
        answer = {"error": "invalid_request", "error_description": str(error)}
        return JSONResponse(answer, 400)
    request.scope["sessions"].end(lambda session: is_meant(session, claims))
    return Response()


async def body_of(request: Request, largest: int) -> bytes:
    """The body, if it is not longer than that; else nothing."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            return b""
    return body


async def logout_claims(token: str) -> dict[str, Any]:
    """What a logout token says. A key that we don't know yet is fetched, once in a while: who
    writes the token chooses the key ID."""
    global keys_fetched_at
    about = await metadata()
    algs = about.get("id_token_signing_alg_values_supported", ["RS256"])

    def verified(jwks: Any) -> dict[str, Any]:
        keys = KeySet.import_key_set(jwks)
        return verify(token, keys, issuer=ISSUER_URL, client_id=CLIENT_ID, algs=algs)

    try:
        return verified(await provider.fetch_jwk_set())
    except InvalidKeyIdError:
        if time.monotonic() - keys_fetched_at < KEYS_SECONDS:
            raise
        keys_fetched_at = time.monotonic()
        return verified(await provider.fetch_jwk_set(force=True))


async def home(request: Request) -> Response:
    """Signed out: the button. Signed in: who the provider says this is."""
    session = request.session
    token = session.get("token", {})
    return templates.TemplateResponse(
        request,
        "home.html",
        {
            "signed_in": "claims" in session,
            "claims": readable(session.get("claims", {})),
            "userinfo": readable(session.get("userinfo", {})),
            "scope": token.get("scope", ""),
            "can_refresh": "refresh_token" in token,
            "api_url": API_URL,
            "api_answer": session.pop("api_answer", None),
            "notice": session.pop("notice", ""),
        },
    )


def readable(claims: dict[str, Any]) -> dict[str, str]:
    """Claims as text: times with their date, lists and objects as JSON."""

    def text(name: str, value: Any) -> str:
        if name in ("iat", "exp", "nbf", "auth_time", "updated_at"):
            return f"{time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime(value))} ({value})"
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    return {name: text(name, value) for name, value in claims.items()}


async def oauth_error(request: Request, error: Exception) -> Response:
    """What the provider refused, or what we refused of it, as a page."""
    title = getattr(error, "error", "") or "invalid_response"
    return error_page(request, title, getattr(error, "description", "") or str(error), 400)


async def unreachable(request: Request, error: Exception) -> Response:
    """The provider or the API did not answer."""
    return error_page(request, "unreachable", str(error), 502)


def error_page(request: Request, title: str, description: str, status: int) -> Response:
    """A page for an error."""
    context = {"title": title, "description": description}
    return templates.TemplateResponse(request, "error.html", context, status_code=status)


class SecurityHeaders(BaseHTTPMiddleware):
    """No script at all, no framing, no referrer, nothing cached."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Add the headers."""
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-store")
        return response


app = Starlette(
    routes=[
        Route("/", home),
        Route("/login", login),
        Route("/callback", callback),
        Route("/refresh", refresh, methods=["POST"]),
        Route("/api-call", api_call, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
        Route("/backchannel-logout", backchannel_logout, methods=["POST"]),
        Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
    ],
    middleware=[
        Middleware(SecurityHeaders),
        # SameSite=Lax keeps the cookie from forms that other sites post here (CSRF).
        Middleware(
            ServerSideSessions, cookie="rp_session", secure=urlsplit(RP_URL).scheme == "https"
        ),
    ],
    exception_handlers={
        AuthlibBaseError: oauth_error,
        JoseError: oauth_error,
        httpx2.HTTPError: unreachable,
    },
)
