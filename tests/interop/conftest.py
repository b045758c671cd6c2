"""The identity provider on a real port, a person, and the clients that we did not write."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from oauth import keys
from oauth.models import Client
from tests.browser.conftest import chromium  # noqa: F401  (a fixture)
from tests.machine import npm_packages, program

from .person import Person

HERE = Path(__file__).parent
PASSWORD = "correct horse battery staple"
REDIRECT_URI = "https://rp.example/callback"
API = "https://api.example/"


@pytest.fixture
def issuer(live_server, settings) -> str:
    """The issuer: a real server on a real port of this machine."""
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": live_server.url}
    keys.forget()
    return str(live_server.url)


@pytest.fixture
def person(transactional_db) -> Iterator[Person]:
    """Someone with an account."""
    user = get_user_model().objects.create_user(
        email="grace@example.com", password=PASSWORD, name="Grace Hopper"
    )
    grace = Person(user.email, PASSWORD)
    yield grace
    grace.browser.close()


def register(method: str, **fields: Any) -> dict[str, str]:
    """Register a client that authenticates by ``method``; what its developer is told."""
    registered = Client(
        **{
            "name": "Interop",
            "client_type": "public" if method == "none" else "confidential",
            "token_endpoint_auth_methods": [method],
            "redirect_uris": REDIRECT_URI,
            "post_logout_redirect_uris": "https://rp.example/",
            "grant_types": ["authorization_code", "refresh_token"],
            "scopes": ["openid", "profile", "email", "offline_access"],
            "audiences": [API],
            **fields,
        }
    )
    told = {"method": method, "redirect_uri": registered.redirect_uris}
    if method.startswith("client_secret"):
        told["client_secret"] = registered.rotate_secret()
    registered.full_clean()
    registered.save()
    return {**told, "client_id": registered.client_id}


@pytest.fixture
def client(transactional_db) -> Callable[..., dict[str, str]]:
    """Registers a client; returns what its developer is told."""
    return register


@pytest.fixture(scope="session")
def node() -> str:
    """Node, beside the locked packages of ``package.json``."""
    npm_packages(HERE)
    return program("node")


@pytest.fixture
def run_node_client(node) -> Callable[..., dict[str, Any]]:
    """Runs a node relying party against the provider, with a person to send back and forth."""

    def run(script: str, told: dict[str, str], person: Person) -> dict[str, Any]:
        process = subprocess.Popen(
            [node, str(HERE / script), json.dumps(told)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        assert process.stderr
        first = process.stdout.readline()
        assert first, process.stderr.read()
        callback = person.go(json.loads(first)["go_to"], until=REDIRECT_URI)
        output, errors = process.communicate(callback + "\n", timeout=60)
        assert process.returncode == 0, errors
        return dict(json.loads(output))

    return run
