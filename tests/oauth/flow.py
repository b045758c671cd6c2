"""The steps of a sign-in at a client, as a browser and the client's server take them."""

from __future__ import annotations

import base64
import html
import re
import secrets
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

import jwt
from django.http import HttpResponse
from django.test import Client as Browser

from oauth import pkce
from oauth.models import Client

AUTHORIZE = "/oauth/authorize"
TOKEN = "/oauth/token"
USERINFO = "/oauth/userinfo"
REVOKE = "/oauth/revoke"
PAR = "/oauth/par"
FORM = "application/x-www-form-urlencoded"
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")
"""What ``error_description`` may hold (RFC 6749 §5.2)."""


def with_query(path: str, params: dict[str, Any]) -> str:
    """An address with its parameters."""
    return f"{path}?{urlencode(params)}"


def without_port(uri: str) -> str:
    """A URI with the port left out."""
    return re.sub(r":[0-9]+(?=[/?]|$)", "", uri, count=1)


def new_verifier() -> str:
    """A PKCE code verifier (RFC 7636 §4.1)."""
    return secrets.token_urlsafe(48)


def authorization_params(client: Client, verifier: str, /, **overrides: Any) -> dict[str, Any]:
    """The parameters of an authorization request; an override of ``None`` leaves one out."""
    params = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uris.split()[0],
        "scope": " ".join(client.scopes),
        "state": "state-123",
        "nonce": "nonce-456",
        "code_challenge": pkce.challenge_of(verifier),
        "code_challenge_method": "S256",
        **overrides,
    }
    return {name: value for name, value in params.items() if value is not None}


def push(client: Client, /, **overrides: Any) -> HttpResponse:
    """Push the authorization request (RFC 9126), with a verifier of its own where none is given."""
    verifier = overrides.pop("verifier", None) or new_verifier()
    return post_as(client, PAR, authorization_params(client, verifier, **overrides))


def come(browser: Browser, client: Client, pushed: HttpResponse | str, /, **beside: Any) -> Any:
    """Bring the reference to what was pushed."""
    uri = pushed if isinstance(pushed, str) else pushed.json()["request_uri"]
    params = {"client_id": client.client_id, "request_uri": uri, **beside}
    return browser.get(AUTHORIZE, {name: v for name, v in params.items() if v is not None})


def authorize(browser: Browser, client: Client, /, **overrides: Any) -> HttpResponse:
    """Send the authorization request, with a verifier of its own where none is given."""
    verifier = overrides.pop("verifier", None) or new_verifier()
    return browser.get(AUTHORIZE, authorization_params(client, verifier, **overrides))


def url_of(response: HttpResponse) -> str:
    """The address that gave ``response``."""
    query = response.request["QUERY_STRING"]
    return response.request["PATH_INFO"] + (f"?{query}" if query else "")


def page_of(response: HttpResponse) -> str:
    """The value that binds the consent page's decision to the page."""
    found = re.search(r'name="page" value="([^"]+)"', response.content.decode())
    assert found, "this is no consent page"
    return found[1]


def allow(
    browser: Browser, response_or_url: HttpResponse | str, decision: str = "allow"
) -> HttpResponse:
    """Decide on a consent page."""
    page = browser.get(response_or_url) if isinstance(response_or_url, str) else response_or_url
    return browser.post(url_of(page), {"decision": decision, "page": page_of(page)})


def led_on_to(response: HttpResponse) -> str:
    """Where a browser that got ``response`` goes by itself, ``""`` for nowhere: by a redirect, or
    by the page on which an answer leaves the site after a form of ours."""
    if response.has_header("Location"):
        return str(response["Location"])
    page = response.content.decode()
    found = re.search(r'<meta http-equiv="refresh" content="0;url=([^"]*)">', page)
    return html.unescape(found[1]) if found else ""


def answer_of(response: HttpResponse) -> dict[str, str]:
    """What an authorization response tells the client, in the query, fragment or a form, signed
    (unverified here) or not."""
    if target := led_on_to(response):
        to = urlsplit(target)
        pairs = parse_qsl(to.fragment or to.query, keep_blank_values=True)
    else:
        hidden = r'<input type="hidden" name="([^"]*)" value="([^"]*)">'
        pairs = [
            (html.unescape(name), html.unescape(value))
            for name, value in re.findall(hidden, response.content.decode())
        ]
    assert len(dict(pairs)) == len(pairs), "a parameter was repeated"
    answer = dict(pairs)
    return said_by(answer["response"]) if [*answer] == ["response"] else answer


def obtain_code(browser: Browser, client: Client, **overrides: Any) -> tuple[str, str]:
    """A code and its verifier, through the consent page where there is one."""
    verifier = overrides.pop("verifier", None) or new_verifier()
    response = authorize(browser, client, verifier=verifier, **overrides)
    if response.status_code == 200 and b'name="page"' in response.content:
        response = allow(browser, response)
    return answer_of(response)["code"], verifier


def basic(client_id: str, secret: str) -> str:
    """The Authorization header of ``client_secret_basic`` (RFC 6749 §2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def post_form(path: str, params: Any, authorization: str = "", **headers: str) -> HttpResponse:
    """A form POST of pairs or a dictionary, from no browser in particular."""
    if authorization:
        headers["authorization"] = authorization
    return Browser().post(path, urlencode(params, doseq=True), content_type=FORM, headers=headers)


def post_as(client: Client, path: str, params: dict[str, Any]) -> HttpResponse:
    """A form POST of a client that authenticates: by Basic, or as a public one by its name."""
    if client.is_public:
        return post_form(path, {"client_id": client.client_id, **params})
    return post_form(path, params, basic(client.client_id, client.raw_secret))


def post_token(client: Client, **params: Any) -> HttpResponse:
    """A token request."""
    return post_as(client, TOKEN, params)


def redeem(client: Client, code: str, verifier: str, **overrides: Any) -> HttpResponse:
    """Redeem a code; an override of ``None`` leaves a parameter out."""
    params = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uris.split()[0],
        "code_verifier": verifier,
        **overrides,
    }
    return post_token(client, **{name: value for name, value in params.items() if value})


def refresh(client: Client, refresh_token: str, **params: Any) -> HttpResponse:
    """Refresh."""
    return post_token(client, grant_type="refresh_token", refresh_token=refresh_token, **params)


def sign_in_tokens(browser: Browser, client: Client, **overrides: Any) -> dict[str, Any]:
    """The token response of a whole sign-in."""
    code, verifier = obtain_code(browser, client, **overrides)
    uri = overrides.get("redirect_uri", client.redirect_uris.split()[0])
    response = redeem(client, code, verifier, redirect_uri=uri)
    assert response.status_code == 200, response.content
    return response.json()


def said_by(token: str) -> dict[str, Any]:
    """The claims of a token, unverified."""
    return jwt.decode(token, options={"verify_signature": False})


def userinfo(access_token: str) -> HttpResponse:
    """Ask who the person is."""
    return Browser().get(USERINFO, headers={"authorization": f"Bearer {access_token}"})
