"""Every address of the authorization server under malformed requests: no 5xx, nothing leaked.

A seeded generator, so that a failure comes again: the message of a failure names the request.
``FUZZ_REQUESTS`` and ``FUZZ_SEED`` choose how many, and which; ``make test-long`` sends 20,000.
"""

from __future__ import annotations

import base64
import json
import os
import random
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import jwt
import pytest
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import URLPattern

from oauth import urls
from oauth.models import ExchangeRule, TrustRule
from oauth.models.trust_rule import JWT_BEARER, TOKEN_EXCHANGE
from ostiary.throttling import DEFAULT_LIMITS
from tests.oauth import flow, test_device
from tests.oauth.assertions import new_key, public_jwk
from tests.oauth.conftest import API, make_client
from tests.oauth.test_token_exchange import NEXT

pytestmark = pytest.mark.django_db

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "800"))
SEED = int(os.environ.get("FUZZ_SEED", "20261124"))

LISTS = {"redirect_uris", "grant_types", "contacts"}
"""Metadata that are lists of texts in JSON (RFC 7591 §2)."""
MARK = "<fuzz'\"&>"
"""Never to be found in a page as it was sent."""
METHODS = ["GET", "POST", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY"]
CONTENT_TYPES = [
    flow.FORM,
    flow.FORM,
    flow.FORM,
    "application/json",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    f"{flow.FORM}; charset=utf-7",
    f"{flow.FORM}; charset=nonsense",
    "application/jwt",
    "text/plain",
    "",
]
NAMES = (  # noqa: SIM905  (a list would be sixty lines)
    "acr_values actor_token actor_token_type assertion audience claims client_assertion "
    "client_assertion_type client_id client_name client_secret code code_challenge "
    "code_challenge_method code_verifier decision device_code display dpop_jkt grant_type "
    "id_token_hint interaction jwks jwks_uri kept_request logout_hint logout_token max_age nonce "
    "page password post_logout_redirect_uri prompt redirect_uri redirect_uris refresh_token "
    "registration request request_uri requested_token_type resource response_mode response_type "
    "scope sid software_statement state subject_token subject_token_type token "
    "token_endpoint_auth_method token_type_hint ui_locales user_code username"
).split()
SENSIBLE: dict[str, list[str]] = {
    "grant_type": [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ],
    "response_type": ["code", "code id_token", "token", "id_token", "none"],
    "response_mode": ["query", "fragment", "form_post", "jwt", "query.jwt", "form_post.jwt"],
    "scope": ["openid", "openid email offline_access", "api:read"],
    "prompt": ["none", "login", "consent", "select_account", "create", "none login"],
    "max_age": ["0", "600", "-1"],
    "resource": [API, "https://else.example/"],
    "code_challenge": ["a" * 43],
    "code_challenge_method": ["S256", "plain"],
    "client_assertion_type": ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"],
    "subject_token_type": [
        "urn:ietf:params:oauth:token-type:access_token",
        "urn:ietf:params:oauth:token-type:jwt",
        "urn:ietf:params:oauth:token-type:id_token",
    ],
    "token_type_hint": ["access_token", "refresh_token"],
    "decision": ["allow", "deny"],
    "user_code": ["BCDF-GHJK"],
    "claims": ['{"userinfo":{"email":null}}', '{"id_token":{"acr":{"values":[1]}}}', "[]"],
    "redirect_uris": ['["https://rp.example/callback"]'],
    "jwks": ['{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}', '{"keys":{}}'],
}
NASTY = [
    "",
    " ",
    "\x00",
    "\r\nSet-Cookie: a=b",
    "\ufffd",
    "\u202e\ud7ff",
    MARK,
    "%00%ff",
    "../../etc/passwd",
    "9" * 400,
    "x" * 6000,
    "[" * 3000,
    '{"a":' * 500,
    "null",
    "true",
    "1e999",
    "{{7*7}}",
    "javascript:alert(1)",
    "https://user@rp.example/callback",
    "http://169.254.169.254/",
]


def _segment(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Fuzzer:
    """Makes requests from one seed, out of ``live`` values that the server would take."""

    def __init__(
        self, seed: int, live: dict[str, list[str]], good: dict[str, list[dict[str, str]]]
    ) -> None:
        self.random = random.Random(seed)
        self.live = live
        self.good = good
        self.chosen = {name: [*live.get(name, []), *SENSIBLE.get(name, [])] for name in NAMES}
        self.every_live = [value for values in live.values() for value in values]

    def value(self, name: str) -> str:
        """A value for a parameter: as often as not one that could be right."""
        draw = self.random.random()
        if draw < 0.55 and self.chosen.get(name):
            return self.random.choice(self.chosen[name])
        if draw < 0.65:
            return self.random.choice(self.every_live)
        if draw < 0.75:
            return self.spoilt(self.random.choice(self.every_live))
        if draw < 0.85:
            return self.forged_jwt()
        if draw < 0.95:
            return self.random.choice(NASTY)
        return self.random.randbytes(self.random.randrange(60)).decode("latin-1")

    def spoilt(self, value: str) -> str:
        """``value`` with one character changed, left out or doubled."""
        at = self.random.randrange(len(value) or 1)
        middle = self.random.choice(["", value[at : at + 1] * 2, "\x7f", "A", "="])
        return value[:at] + middle + value[at + 1 :]

    def forged_jwt(self) -> str:
        """Something in the shape of a JWT that nobody has signed."""
        header = self.random.choice(
            [
                {"alg": "none"},
                {"alg": "HS256", "kid": MARK},
                {"alg": "RS256", "typ": "at+jwt", "kid": None},
                {"alg": ["ES256"], "typ": 7},
                {"alg": "ES256", "typ": "dpop+jwt", "jwk": {"kty": "EC", "crv": "P-256"}},
                {"alg": "RSA-OAEP-256", "enc": "A256GCM", "zip": "DEF"},
                [],
                b"\xff\xfe",
            ]
        )
        name = self.random.choice(["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "htu"])
        odd = self.random.choice([None, [], {}, -1, 1e300, MARK, "x" * 3000, True])
        claims = {"iss": "http://localhost:8000", "sub": "1", "exp": 2**40, "aud": "x", name: odd}
        parts = [_segment(header), _segment(claims), _segment(self.random.randbytes(64))]
        return ".".join(parts[: self.random.choice([1, 2, 3, 3, 3, 3])] + [""] * (draw_two(self)))

    def nearly_good(self, name: str) -> list[tuple[str, str]]:
        """The parameters of a request that the endpoint would serve, some of them spoilt."""
        params = dict(self.random.choice(self.good[name]))
        for spoilt in self.random.choices(list(params), k=self.random.choice([0, 1, 1, 2])):
            params[spoilt] = self.value(spoilt)
        if self.random.random() < 0.3:
            added = self.random.choice(NAMES)
            params[added] = self.value(added)
        return list(params.items())

    def pairs(self, of: str) -> list[tuple[str, str]]:
        """Parameters: nearly good ones for the endpoint, or any, now and then one of them twice."""
        if of in self.good and self.random.random() < 0.5:
            return self.nearly_good(of)
        names = self.random.choices(NAMES, k=self.random.randrange(9))
        if names and self.random.random() < 0.1:
            names.append(names[0])
        if self.random.random() < 0.6:
            names += ["client_id", "redirect_uri", "response_type", "scope", "grant_type"]
        return [(name, self.value(name)) for name in names]

    def form(self, of: str) -> str:
        """Parameters in the encoding of a form, sometimes not quite."""
        joined = "&".join(
            f"{quote_plus(name)}={quote_plus(value, errors='surrogatepass')}"
            for name, value in self.pairs(of)
        )
        if self.random.random() < 0.05:
            joined += self.random.choice(["&%", "&=&", "&a;b=c", "&%ff=%fe", "&" * 50])
        return joined

    def body(self, of: str, content_type: str) -> bytes:
        """What the content type promises, or something else."""
        if self.random.random() < 0.05:
            return self.random.randbytes(self.random.randrange(200))
        if "json" in content_type:
            told: dict[str, Any] = dict(self.pairs(of))
            for name in LISTS & told.keys():
                told[name] = told[name].split()
            if told and self.random.random() < 0.5:
                odd = [None, 1, [], {}, [None], {"keys": [1]}, "\ud800", [[]] * 5]
                told[self.random.choice(list(told))] = self.random.choice(odd)
            return json.dumps(told if self.random.random() < 0.9 else [told]).encode()
        if "multipart" in content_type:
            part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
            parts = "".join(part.format(name, value) for name, value in self.pairs(of))
            return (parts + "--b--\r\n").encode("utf-8", "surrogatepass")
        return self.form(of).encode("latin-1", "replace")

    def authorization(self) -> str:
        """Credentials of a client or a token, right or nearly."""
        token = self.random.choice([*self.every_live, self.forged_jwt(), MARK, ""])
        pair = f"{self.value('client_id')}:{self.value('client_secret')}"
        encoded = base64.b64encode(pair.encode("utf-8", "surrogatepass")).decode()
        return (
            self.random.choice(
                [
                    self.live["authorization"][0],
                    f"Basic {encoded}",
                    f"Basic {token}",
                    f"Bearer {token}",
                    f"DPoP {token}",
                    f"bearer  {token}",
                    "Basic",
                    "Digest x=y",
                    token,
                ]
            )
            .replace("\r", "")
            .replace("\n", "")
        )

    def headers(self) -> dict[str, str]:
        """Headers, as the environment of WSGI has them."""
        made: dict[str, str] = {}
        maybe: list[tuple[str, Callable[[], str]]] = [
            ("HTTP_AUTHORIZATION", self.authorization),
            ("HTTP_DPOP", self.forged_jwt),
            ("HTTP_ACCEPT", lambda: self.random.choice(["*/*", "application/jwt", MARK, ","])),
            ("HTTP_ACCEPT_LANGUAGE", lambda: self.random.choice(["ar", "xx;q=z", "*" * 500])),
            ("HTTP_ORIGIN", lambda: self.random.choice(["null", "https://evil.example", MARK])),
            ("HTTP_COOKIE", lambda: f"sessionid={quote(self.value('sid'))}; {MARK}"),
            ("HTTP_X_FORWARDED_FOR", lambda: self.random.choice(["1.2.3.4, x", MARK, "::1%lo"])),
            ("HTTP_CLIENT_CERT", lambda: self.random.choice([":AAAA:", "%2D", MARK])),
            ("HTTP_HOST", lambda: self.random.choice(["evil.example", "localhost:8000:1"])),
            ("HTTP_IF_NONE_MATCH", lambda: self.random.choice(["*", '"x", W/', MARK])),
        ]
        for name, make in maybe:
            if self.random.random() < (0.5 if name == "HTTP_AUTHORIZATION" else 0.06):
                made[name] = make()
        return made

    def path(self, pattern: URLPattern) -> str:
        """An address of a pattern; its variable parts often of nothing that exists."""
        kwargs = {
            name: self.random.choice([uuid.UUID(int=1), 0, 7, self.value("client_id")])
            for name in pattern.pattern.converters
        }
        path = "/" + str(pattern.pattern)
        for name, converter in pattern.pattern.converters.items():
            kind = type(converter).__name__.removesuffix("Converter").lower()
            kind = {"string": "str"}.get(kind, kind)
            chosen = {"uuid": str(uuid.UUID(int=1)), "int": "7"}.get(kind)
            path = path.replace(f"<{kind}:{name}>", chosen or quote(str(kwargs[name]), safe=""))
            path = path.replace(f"<{name}>", quote(str(kwargs[name]), safe=""))
        return path


def draw_two(fuzzer: Fuzzer) -> int:
    """Two more parts make a JWE of it."""
    return fuzzer.random.choice([0, 0, 0, 2])


@pytest.fixture
def live(confidential_client, signed_in_browser):
    """Values that the server would take, once or more often."""
    client = confidential_client
    tokens = flow.sign_in_tokens(signed_in_browser, client)
    code, verifier = flow.obtain_code(signed_in_browser, client)
    return {
        "client_id": [client.client_id, "https://client.example/metadata.json"],
        "client_secret": [client.raw_secret],
        "redirect_uri": client.redirect_uris.split(),
        "code": [code],
        "code_verifier": [verifier],
        "refresh_token": [tokens["refresh_token"]],
        "token": [tokens["access_token"], tokens["refresh_token"]],
        "subject_token": [tokens["access_token"]],
        "id_token_hint": [tokens["id_token"]],
        "authorization": [flow.basic(client.client_id, client.raw_secret)],
    }


@pytest.fixture
def good(confidential_client, service_client, live, signed_in_browser):
    """The parameters of requests that each endpoint would serve, by the name of its address."""
    authorization = flow.authorization_params(confidential_client, live["code_verifier"][0])
    device = make_client(
        name="Television",
        client_type="public",
        grant_types=["urn:ietf:params:oauth:grant-type:device_code"],
        scopes=["openid"],
    )
    for_itself = {
        "grant_type": "client_credentials",
        "client_id": service_client.client_id,
        "client_secret": service_client.raw_secret,
    }
    signing_out = {"id_token_hint": live["id_token_hint"][0], "state": "x"}
    started = test_device.start(device, scope="openid")
    test_device.decide(signed_in_browser, started["user_code"], "allow")
    for_a_device = {
        "grant_type": test_device.GRANT_TYPE,
        "client_id": device.client_id,
        "device_code": started["device_code"],
    }
    api = make_client(
        name="API", client_type="confidential", grant_types=[TOKEN_EXCHANGE], serves=[API]
    )
    ExchangeRule.objects.create(
        client=api, subject_audience=API, target_audience=NEXT, scopes=["api:read"]
    )
    by_secret = {"client_id": api.client_id, "client_secret": api.raw_secret}
    for_another_api = {
        "grant_type": TOKEN_EXCHANGE,
        **by_secret,
        "subject_token": flow.sign_in_tokens(
            signed_in_browser, confidential_client, resource=API, scope="openid api:read"
        )["access_token"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": NEXT,
    }
    return {
        "authorize": [{**authorization, "prompt": "consent"}],
        "par": [authorization],
        "token": [for_itself, for_another_api, for_a_device, for_a_job(service_client)],
        "introspect": [
            {"token": live["token"][0]},
            {**by_secret, "token": for_another_api["subject_token"]},
        ],
        "revoke": [{"token": live["token"][1]}],
        "logout": [signing_out],
        "device_authorization": [{"client_id": device.client_id, "scope": "openid"}],
        "register": [
            {"redirect_uris": "https://new.example/", "client_name": "New", "scope": "openid"}
        ],
    }


def for_a_job(client) -> dict[str, str]:
    """A request by a token of another issuer."""
    key, now = new_key(), int(time.time())
    client.grant_types = [*client.grant_types, JWT_BEARER]
    client.save()
    TrustRule.objects.create(
        name="job",
        issuer="https://platform.example",
        jwks={"keys": [{**public_jwk(key), "kid": "its key"}]},
        algorithms=["ES256"],
        subject="job",
        client=client,
        uses=["jwt_bearer"],
        scopes=["api:read"],
        audiences=[API],
    )
    claims = {"iss": "https://platform.example", "sub": "job", "aud": "http://localhost:8000"}
    claims |= {"iat": now, "exp": now + 3600, "jti": "1"}
    signed = jwt.encode(claims, key, algorithm="ES256", headers={"kid": "its key"})
    return {"grant_type": JWT_BEARER, "assertion": signed}


def assert_sound(response: HttpResponse, told: str) -> None:
    """What holds of every answer, whatever was asked."""
    assert response.status_code < 500, told
    assert response.get("X-Content-Type-Options") == "nosniff", told
    assert "Content-Security-Policy" in response or response.status_code in (301, 405), told
    for value in (value for _, value in response.items()):
        assert "\r" not in value, told
        assert "\n" not in value, told
    content = b"".join(response.streaming_content) if response.streaming else response.content
    assert b"Traceback" not in content, told
    if response.get("Content-Type", "").startswith("text/html"):
        assert MARK.encode() not in content, told


def test_no_malformed_request_gets_a_5xx(live, good, settings, signed_in_browser, person):
    settings.OSTIARY = {
        **settings.OSTIARY,
        "THROTTLES": {
            name: dict.fromkeys(limits, "1000000/second") for name, limits in DEFAULT_LIMITS.items()
        },
    }
    settings.OSTIARY_OAUTH = {**getattr(settings, "OSTIARY_OAUTH", {}), "REGISTRATION": "open"}
    person.user_permissions.add(Permission.objects.get(codename="own_clients"))
    fuzzer = Fuzzer(SEED, live, good)
    browsers = [Browser(), Browser(), signed_in_browser]
    answered: dict[str, set[int]] = {}
    for number in range(REQUESTS):
        if number % 50 == 0:  # some of the requests sign her out
            signed_in_browser.force_login(person)
        pattern = urls.urlpatterns[number % len(urls.urlpatterns)]
        method, content_type = fuzzer.random.choice(METHODS), fuzzer.random.choice(CONTENT_TYPES)
        has_body = method not in ("GET", "HEAD", "OPTIONS")
        path, of = fuzzer.path(pattern), pattern.name or ""
        query = fuzzer.form(of) if fuzzer.random.random() < (0.2 if has_body else 0.9) else ""
        body = fuzzer.body(of, content_type) if has_body else b""
        headers = fuzzer.headers()
        told = f"request {number}: {method} {path}?{query} {content_type} {headers} {body!r}"
        browser = fuzzer.random.choice(browsers)
        try:
            response = browser.generic(
                method, path, body, content_type, QUERY_STRING=query, **headers
            )
        except Exception as error:
            raise AssertionError(told) from error
        assert_sound(response, told)
        answered.setdefault(str(pattern.pattern), set()).add(response.status_code)

    assert len(answered) == len(urls.urlpatterns)


def test_it_begins_from_requests_that_are_served(live, good, signed_in_browser, settings):
    settings.OSTIARY_OAUTH = {**getattr(settings, "OSTIARY_OAUTH", {}), "REGISTRATION": "open"}
    for name, requests in good.items():
        for params in requests:
            path = f"/oauth/{name}"
            if name in ("authorize", "logout"):
                response = signed_in_browser.get(path, params)
            elif name == "register":
                told = {**params, "redirect_uris": params["redirect_uris"].split()}
                response = Browser().post(path, told, content_type="application/json")
            else:  # some say in the body who it is
                alone = "client_id" in params or "assertion" in params
                by_header = name == "par" or not alone
                response = flow.post_form(
                    path, params, live["authorization"][0] if by_header else ""
                )
            assert response.status_code in (200, 201), (name, params, response.content)
