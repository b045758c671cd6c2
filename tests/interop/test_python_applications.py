"""Libraries with which applications in Python sign people in, each at the version of
``requirements/interop.txt`` and with the settings that docs/reference/clients.md tells."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import register as registered

pytestmark = pytest.mark.django_db(transaction=True)


def register(**fields: Any) -> dict[str, str]:
    """A client as the admin makes it, that may send its secret in the header or the body."""
    return registered("client_secret_basic", token_endpoint_auth_methods=[], **fields)


def asked(learned: dict) -> dict[str, str]:
    """The parameters with which the client sent the person here."""
    return {name: value for name, [value] in parse_qs(urlsplit(learned["url"]).query).items()}


def test_requests_oauthlib(run_python_client, person):
    told = register(scopes=["openid", "email", "offline_access"])

    learned = run_python_client(
        "requests_oauthlib_session.py",
        {**told, "scope": ["openid", "email", "offline_access"], "pkce": "S256", "asks": {}},
        person,
    )

    assert asked(learned)["code_challenge_method"] == "S256"
    assert learned["userinfo"]["email"] == learned["again"]["email"] == "grace@example.com"
    assert learned["refreshed"] == [True]


def test_flask_dance(run_python_client, person):
    told = register(redirect_uris="https://rp.example/login/ostiary/authorized")

    learned = run_python_client(
        "flask_dance_app.py",
        {
            **told,
            "scope": ["openid", "email", "offline_access"],
            "settings": {"use_pkce": True, "code_challenge_method": "S256"},
            "comes_back": "https://rp.example/",
        },
        person,
    )

    assert asked(learned)["code_challenge_method"] == "S256"
    assert learned["userinfo"]["email"] == learned["again"]["email"] == "grace@example.com"
    assert learned["refreshed"] == [True]


def test_flask_oidc(run_python_client, person):
    told = register(redirect_uris="https://rp.example/authorize")

    learned = run_python_client(
        "flask_oidc_app.py",
        {
            **told,
            "client_kwargs": {"code_challenge_method": "S256"},
            "comes_back": "https://rp.example/",
        },
        person,
    )

    assert asked(learned)["code_challenge_method"] == "S256"
    assert learned["userinfo"]["email"] == "grace@example.com"
    assert learned["signed_out"] == 302


def test_fastapi_with_authlib(run_python_client, person):
    told = register()

    learned = run_python_client(
        "fastapi_app.py", {**told, "client_kwargs": {"code_challenge_method": "S256"}}, person
    )

    assert asked(learned)["code_challenge_method"] == "S256"
    assert learned["person"]["email"] == learned["asked"]["email"] == "grace@example.com"


def test_django_allauth(run_python_client, person):
    told = register(
        redirect_uris="https://rp.example/accounts/oidc/ostiary/login/callback/",
    )

    learned = run_python_client(
        "allauth_project.py",
        {**told, "settings": {"oauth_pkce_enabled": True}, "comes_back": "https://rp.example/"},
        person,
    )

    assert asked(learned)["code_challenge_method"] == "S256"
    assert learned["landed"] == "/"
    assert learned["user"] == "grace@example.com"
    assert learned["verified"] is True


def test_social_auth(run_python_client, person):
    told = register(redirect_uris="https://rp.example/complete/oidc/")

    learned = run_python_client(
        "social_auth_project.py",
        {
            **told,
            "settings": {"SOCIAL_AUTH_OIDC_USE_PKCE": True},
            "comes_back": "https://rp.example/",
        },
        person,
    )

    assert asked(learned)["code_challenge_method"] == "S256"
    assert learned["landed"] == "/"
    assert learned["user"] == "grace@example.com"
    assert learned["refreshed"] is True


def test_idpyoidc(run_python_client, person):
    told = register()

    learned = run_python_client(
        "idpyoidc_client.py",
        {
            **told,
            "settings": {
                "add_ons": {
                    "pkce": {
                        "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
                        "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
                    }
                }
            },
        },
        person,
    )

    assert asked(learned)["code_challenge_method"] == "S256"
    assert learned["claims"]["email"] == learned["userinfo"]["email"] == "grace@example.com"
    assert learned["refreshed"] is True


def test_pyoidc(run_python_client, person):
    told = register()

    learned = run_python_client(
        "pyoidc_client.py",
        {**told, "settings": {"config": {"code_challenge": {"method": "S256", "length": 64}}}},
        person,
    )

    assert asked(learned)["code_challenge_method"] == "S256"
    assert learned["nonce"] is True
    assert learned["userinfo"]["email"] == "grace@example.com"
    assert learned["refreshed"] is True
