"""What may be used once stays used, whatever the cache (SECURITY B4, B7, H1): against the site with
its own settings, with Redis up, killed and back empty, and with the database away."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from django.db import connection

from oauth import keys
from oauth.issuer import endpoint
from oauth.models import Client, TrustRule
from oauth.models.trust_rule import JWT_BEARER, TOKEN_EXCHANGE
from oauth.resource_server.dpop import ath
from tests.faults.brokers import OwnRedis, Wire
from tests.faults.conftest import ROOT, database_url, eventually
from tests.machine import free_port
from tests.oauth import flow
from tests.oauth.assertions import CLIENT_KEY, make_proof, new_key, public_jwk, signed_by
from tests.oauth.conftest import API, SIGNS_PEOPLE_IN, make_client, make_person
from tests.oauth.outside import KEY, KID, MAIN, Platform

pytestmark = [
    pytest.mark.needs("oauth", "accounts"),
    pytest.mark.django_db(transaction=True),
]
Send = Callable[[], httpx.Response]
SERVICE = {
    "client_type": "confidential",
    "grant_types": ["client_credentials"],
    "scopes": ["api:read"],
    "audiences": [API],
}


class Site(NamedTuple):
    """A web server of the site, its Redis, and what leads to its database."""

    url: str
    redis: OwnRedis
    database: Wire | None

    def post(self, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
        """Send a form, as a page of another origin does."""
        headers = {"Origin": "https://page.example", **headers}
        return httpx.post(f"{self.url}{path}", data=form, headers=headers, timeout=60)


@pytest.fixture
def site(transactional_db: None, tmp_path: Path, settings: Any) -> Iterator[Site]:
    """The site as ``REDIS_URL`` makes it; PostgreSQL is behind a wire that can be cut."""
    redis = OwnRedis(tmp_path)
    port = free_port()
    url = f"http://localhost:{port}"
    database = Wire(database_url()) if connection.vendor == "postgresql" else None
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": url}
    environment = {
        **{name: value for name, value in os.environ.items() if name != "CLIENT_CACHE_SECONDS"},
        "DJANGO_SETTINGS_MODULE": "idp_site.settings",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": database.url if database else database_url(),
        "ISSUER_URL": url,
        "REDIS_URL": redis.url,
    }
    keys.forget()
    keys.ensure()
    command = [sys.executable, "-m", "idp_site.serve", "--interface", "wsgi", "--port", str(port)]
    command += ["--blocking-threads", "4", "--log-level", "warning", "idp_site.wsgi:application"]
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        eventually(lambda: is_ready(url, server), "the site is ready")
        yield Site(url, redis, database)
    finally:
        server.terminate()
        server.wait(timeout=60)
        redis.clean_up("")
        if database:
            database.come_back()
            database.server.close()
        keys.forget()


def is_ready(url: str, server: subprocess.Popen[bytes]) -> bool:
    """Whether it answers, its cache too."""
    assert server.poll() is None
    try:
        return bool(httpx.get(f"{url}/readyz", timeout=30).json()["parts"].get("cache") == "ok")
    except httpx.TransportError:
        return False


# --- what may be used once ------------------------------------------------------------------------


def private_key_jwt(site: Site) -> Callable[[], Send]:
    client = make_client(
        name="Signing",
        token_endpoint_auth_methods=["private_key_jwt"],
        metadata={"jwks": {"keys": [{**public_jwk(CLIENT_KEY), "kid": "its key"}]}},
        **SERVICE,
    )

    def new() -> Send:
        form = {"grant_type": "client_credentials", **signed_by(client)}
        return lambda: site.post(flow.TOKEN, form)

    return new


def client_secret_jwt(site: Site) -> Callable[[], Send]:
    client = Client(
        name="Signing by secret", token_endpoint_auth_methods=["client_secret_jwt"], **SERVICE
    )
    secret = client.rotate_secret()
    client.full_clean()
    client.save()

    def new() -> Send:
        signed = signed_by(client, key=secret, alg="HS256", header={})
        form = {"grant_type": "client_credentials", **signed}
        return lambda: site.post(flow.TOKEN, form)

    return new


def dpop_for_a_token(site: Site) -> Callable[[], Send]:
    client = make_client(name="Bound", **SERVICE)
    secret = flow.basic(client.client_id, client.raw_secret)

    def new() -> Send:
        proof = make_proof(new_key(), url=endpoint("token"))
        form = {"grant_type": "client_credentials"}
        return lambda: site.post(flow.TOKEN, form, Authorization=secret, DPoP=proof)

    return new


def dpop_with_a_pushed_request(site: Site) -> Callable[[], Send]:
    client = make_client(
        name="Page",
        client_type="public",
        redirect_uris="https://spa.example/callback",
        **SIGNS_PEOPLE_IN | {"scopes": ["openid"]},
    )

    def new() -> Send:
        proof = make_proof(new_key(), url=endpoint("par"))
        asked = flow.authorization_params(client, flow.new_verifier(), scope="openid")
        return lambda: site.post(flow.PAR, asked, DPoP=proof)

    return new


def dpop_for_userinfo(site: Site) -> Callable[[], Send]:
    from django.test import Client as Browser

    client = make_client(
        name="Web",
        client_type="confidential",
        redirect_uris="https://rp.example/callback",
        **SIGNS_PEOPLE_IN | {"scopes": ["openid"]},
    )
    browser, key = Browser(), new_key()
    browser.force_login(make_person("alice@example.com"))
    code, verifier = flow.obtain_code(browser, client, scope="openid")
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uris,
        "code_verifier": verifier,
    }
    secret = flow.basic(client.client_id, client.raw_secret)
    proof = make_proof(key, url=endpoint("token"))
    answer = site.post(flow.TOKEN, form, Authorization=secret, DPoP=proof)
    token = answer.json()["access_token"]

    def new() -> Send:
        proof = make_proof(key, url=endpoint("userinfo"), method="GET", ath=ath(token))
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof, "Origin": "https://x.example"}
        return lambda: httpx.get(f"{site.url}{flow.USERINFO}", headers=headers, timeout=60)

    return new


def _outside(site: Site, use: str) -> Callable[[], str]:
    """A platform whose tokens are taken once, and are new each time."""
    client = make_client(name="Deployer", **SERVICE | {"grant_types": [JWT_BEARER, TOKEN_EXCHANGE]})
    outside = Platform.__new__(Platform)
    outside.issuer = f"https://{use.replace('_', '-')}.example"
    rule = TrustRule(
        name=use,
        issuer=outside.issuer,
        algorithms=["RS256"],
        jwks={"keys": [{**public_jwk(KEY, "RS256"), "kid": KID}]},
        subject=MAIN,
        conditions={"repository_id": "74"},
        single_use=True,
        client=client,
        uses=[use],
        scopes=["api:read"],
        audiences=[API],
    )
    rule.full_clean()
    rule.save()
    return lambda: outside.token(aud=site.url)


def jwt_bearer(site: Site) -> Callable[[], Send]:
    token_of = _outside(site, "jwt_bearer")

    def new() -> Send:
        form = {"grant_type": JWT_BEARER, "assertion": token_of()}
        return lambda: site.post(flow.TOKEN, form)

    return new


def token_exchange(site: Site) -> Callable[[], Send]:
    token_of = _outside(site, "token_exchange")

    def new() -> Send:
        form = {
            "grant_type": TOKEN_EXCHANGE,
            "subject_token": token_of(),
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "audience": API,
        }
        return lambda: site.post(flow.TOKEN, form)

    return new


KINDS: dict[Callable[[Site], Callable[[], Send]], tuple[int, str]] = {
    private_key_jwt: (401, "invalid_client"),
    client_secret_jwt: (401, "invalid_client"),
    dpop_for_a_token: (400, "invalid_dpop_proof"),
    dpop_with_a_pushed_request: (400, "invalid_dpop_proof"),
    dpop_for_userinfo: (401, "invalid_dpop_proof"),
    jwt_bearer: (400, "invalid_grant"),
    token_exchange: (400, "invalid_request"),
}
"""What may be used once, and how it is refused the second time."""


def refused(answer: httpx.Response) -> tuple[int, str]:
    """By which status and error."""
    return answer.status_code, answer.json().get("error", "")


def test_h1_what_was_used_stays_used_though_redis_dies_and_comes_back_empty(site: Site) -> None:
    makers = {kind: kind(site) for kind in KINDS}
    used: list[tuple[Send, tuple[int, str]]] = []

    def use_new_ones() -> None:
        for kind, new in makers.items():
            send = new()
            answer = send()
            assert answer.status_code in (200, 201), (kind.__name__, answer.text)
            used.append((send, KINDS[kind]))

    def none_is_taken_again() -> None:
        for send, error in used:
            assert refused(send()) == error

    use_new_ones()
    none_is_taken_again()

    site.redis.go_down()
    eventually(site.redis.is_down, "Redis is dead")
    none_is_taken_again()
    use_new_ones()
    none_is_taken_again()

    site.redis.come_back()
    none_is_taken_again()
    use_new_ones()
    none_is_taken_again()


@pytest.mark.usefixtures("postgresql")
def test_a_database_that_is_away_is_told_as_an_outage_and_nothing_is_used_up(site: Site) -> None:
    makers = {kind: kind(site) for kind in KINDS}
    sent = {kind: new() for kind, new in makers.items()}
    for new in makers.values():  # clients are in memory, connections open
        assert new()().status_code in (200, 201)
    assert site.database

    site.database.go_down()
    for kind, send in sent.items():
        answer = send()
        assert refused(answer) == (503, "temporarily_unavailable"), kind.__name__
        assert answer.headers["Retry-After"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    site.database.come_back()

    for kind, send in sent.items():
        assert send().status_code in (200, 201), kind.__name__
        assert refused(send()) == KINDS[kind]
