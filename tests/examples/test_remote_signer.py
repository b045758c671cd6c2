"""The keys in a process of their own: it is killed, and comes back (SECURITY B12)."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jwt
import pytest
from django.test import Client as Browser

from examples.remote_signer.client import RemoteSigner
from oauth import access_token, keys
from oauth.models import SigningKey
from tests.oauth import flow
from tests.oauth.conftest import SIGNS_PEOPLE_IN, make_client, make_person

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db

Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start_signer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start the process that holds the keys, and wait until it answers."""
    environment = {
        "SIGNER_SOCKET": str(tmp_path / "signer.sock"),
        "SIGNER_KEYS": str(tmp_path / "keys"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "examples.remote_signer"],
            cwd=ROOT,
            env={**os.environ, **environment},
        )
        started.append(process)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                RemoteSigner().public_jwks()
            except OSError:
                time.sleep(0.05)
            else:
                return process
        raise AssertionError("the signer did not start")

    yield start
    for process in started:
        process.kill()
        process.wait(timeout=20)


@pytest.fixture
def signer(start_signer, settings) -> Iterator[subprocess.Popen[bytes]]:
    """The site's keys are with a running signer."""
    process = start_signer()
    settings.OSTIARY_OAUTH = {"SIGNER": "examples.remote_signer.client.RemoteSigner"}
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "SCOPES": {"api:read": "Read"}}
    keys.forget()
    yield process
    del settings.OSTIARY_OAUTH
    keys.forget()


@pytest.fixture
def client():
    return make_client(
        name="Web",
        client_type="confidential",
        redirect_uris="https://rp.example/callback",
        **{**SIGNS_PEOPLE_IN, "grant_types": [*SIGNS_PEOPLE_IN["grant_types"], CREDENTIALS]},
    )


CREDENTIALS = "client_credentials"


@pytest.fixture
def browser():
    browser = Browser()
    browser.force_login(make_person("alice@example.com"))
    return browser


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(timeout=20)


def test_every_token_is_signed_by_the_signer_and_no_key_is_in_the_database(signer, client, browser):
    tokens = flow.sign_in_tokens(browser, client)

    published = {key["kid"]: key for key in Browser().get("/.well-known/jwks.json").json()["keys"]}
    assert {key["alg"] for key in published.values()} == {"ES256", "RS256"}
    assert not any("d" in key for key in published.values())
    for name, alg in (("access_token", "ES256"), ("id_token", "RS256")):
        header = jwt.get_unverified_header(tokens[name])
        assert header["alg"] == alg
        key = jwt.PyJWK(published[header["kid"]])
        jwt.decode(tokens[name], key, algorithms=[alg], options={"verify_aud": False})
    assert flow.userinfo(tokens["access_token"]).status_code == 200
    assert SigningKey.objects.count() == 0


def test_discovery_tells_what_the_signer_can(signer, client):
    told = Browser().get("/.well-known/openid-configuration").json()
    assert told["id_token_signing_alg_values_supported"] == ["RS256", "ES256", "HS256"]

    client.access_token_signing_alg = "EdDSA"
    client.save()
    answer = flow.post_token(client, grant_type=CREDENTIALS)
    assert (answer.status_code, answer.json()["error"]) == (500, "server_error")


def test_while_the_signer_is_away_nothing_is_used_up_and_tokens_are_verified(
    signer, start_signer, client, browser
):
    first = flow.sign_in_tokens(browser, client)
    code, verifier = flow.obtain_code(browser, client)

    kill(signer)

    for answer in (
        flow.redeem(client, code, verifier),
        flow.refresh(client, first["refresh_token"]),
        flow.post_token(client, grant_type=CREDENTIALS),
    ):
        assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
        assert "Traceback" not in answer.content.decode()
    assert access_token.verify(first["access_token"])
    assert flow.userinfo(first["access_token"]).status_code == 200
    assert Browser().get("/.well-known/jwks.json").status_code == 200

    start_signer()

    for answer in (
        flow.redeem(client, code, verifier),
        flow.refresh(client, first["refresh_token"]),
        flow.post_token(client, grant_type=CREDENTIALS),
    ):
        assert answer.status_code == 200
        assert (
            access_token.verify(answer.json()["access_token"])
            if "id_token" in answer.json()
            else True
        )
    assert flow.refresh(client, first["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refusal_stays_a_refusal_and_ends_what_it_has_to(signer, client, browser):
    """Only a missing signature undoes what a request did: not the end of a family by reuse."""
    code, verifier = flow.obtain_code(browser, client)
    tokens = flow.redeem(client, code, verifier).json()

    assert flow.redeem(client, code, verifier).json()["error"] == "invalid_grant"

    assert flow.userinfo(tokens["access_token"]).status_code == 401
    assert flow.refresh(client, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_process_that_starts_while_the_signer_is_away_says_so_and_recovers(
    signer, start_signer, client, monkeypatch
):
    kill(signer)
    monkeypatch.setattr(keys, "_cached", keys.KeySet())
    keys.forget()

    for path in ("/.well-known/jwks.json", "/.well-known/openid-configuration"):
        answer = Browser().get(path)
        assert (answer.status_code, answer["Cache-Control"]) == (503, "no-store")
    assert flow.post_token(client, grant_type=CREDENTIALS).status_code == 503
    assert flow.userinfo("a.b.c").status_code in (401, 503)

    start_signer()

    assert flow.post_token(client, grant_type=CREDENTIALS).status_code == 200


def test_the_keys_are_for_their_owner_and_outlive_the_process(signer, start_signer, tmp_path):
    before = RemoteSigner().public_jwks()
    for path in [tmp_path / "signer.sock", *(tmp_path / "keys").iterdir()]:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077

    kill(signer)
    start_signer()

    assert RemoteSigner().public_jwks() == before


@pytest.mark.parametrize(
    ("kid", "alg"), [("ES256-1", "RS256"), ("nobody", "ES256"), ("ES256-1", "none")]
)
def test_the_signer_signs_with_its_own_keys_by_their_own_algorithm(signer, kid, alg):
    with pytest.raises(ValueError, match="not a question"):
        RemoteSigner().sign(kid, alg, b"x")
