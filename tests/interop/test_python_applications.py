"""Libraries with which applications in Python sign people in, each at the version of
``requirements/interop.txt`` and with the settings that docs/reference/clients.md tells."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import register as registered

pytestmark = pytest.mark.django_db(transaction=True)


def register(**fields: Any) -> dict[str, str]:
    """A client as the admin makes it, that may send its secret in the header or the body."""
    return registered("client_secret_basic", token_endpoint_auth_methods=[], **fields)


def bound_by(learned: dict[str, Any]) -> str:
    """By what the client's request holds the code to the one who asked for it."""
    asked = parse_qs(urlsplit(learned["url"]).query)
    [method] = asked.get("code_challenge_method", ["nonce" if "nonce" in asked else "nothing"])
    return method


def with_and_without(**pkce: Any) -> pytest.MarkDecorator:
    """With what the library is told to use PKCE, and untold, as an application that an operator
    lets go without: by the ``nonce`` that it sends."""
    return pytest.mark.parametrize("chosen", [pkce, {}], ids=["PKCE", "nonce"])


@with_and_without(pkce="S256")
def test_requests_oauthlib(run_python_client, person, chosen):
    told = register(
        scopes=["openid", "email", "offline_access"],
        pkce_exempt=not chosen,
    )
    asks = {} if chosen else {"nonce": secrets.token_urlsafe()}  # it makes none by itself

    learned = run_python_client(
        "requests_oauthlib_session.py",
        {
            **told,
            "scope": ["openid", "email", "offline_access"],
            "settings": chosen,
            "asks": asks,
        },
        person,
    )

    assert bound_by(learned) == ("S256" if chosen else "nonce")
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

    assert bound_by(learned) == "S256"
    assert learned["userinfo"]["email"] == learned["again"]["email"] == "grace@example.com"
    assert learned["refreshed"] == [True]


@with_and_without(code_challenge_method="S256")
def test_flask_oidc(run_python_client, person, chosen):
    told = register(redirect_uris="https://rp.example/authorize", pkce_exempt=not chosen)

    learned = run_python_client(
        "flask_oidc_app.py",
        {
            **told,
            "client_kwargs": chosen,
            "comes_back": "https://rp.example/",
        },
        person,
    )

    assert bound_by(learned) == ("S256" if chosen else "nonce")
    assert learned["userinfo"]["email"] == "grace@example.com"
    assert learned["signed_out"] == 302


@with_and_without(code_challenge_method="S256")
def test_fastapi_with_authlib(run_python_client, person, chosen):
    told = register(pkce_exempt=not chosen)

    learned = run_python_client("fastapi_app.py", {**told, "client_kwargs": chosen}, person)

    assert bound_by(learned) == ("S256" if chosen else "nonce")
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

    assert bound_by(learned) == "S256"
    assert learned["landed"] == "/"
    assert learned["user"] == "grace@example.com"
    assert learned["verified"] is True


@with_and_without(SOCIAL_AUTH_OIDC_USE_PKCE=True)
def test_social_auth(run_python_client, person, chosen):
    told = register(redirect_uris="https://rp.example/complete/oidc/", pkce_exempt=not chosen)

    learned = run_python_client(
        "social_auth_project.py",
        {**told, "settings": chosen, "comes_back": "https://rp.example/"},
        person,
    )

    assert bound_by(learned) == ("S256" if chosen else "nonce")
    assert learned["landed"] == "/"
    assert learned["user"] == "grace@example.com"
    assert learned["refreshed"] is True


@with_and_without(
    add_ons={
        "pkce": {
            "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
            "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
        }
    }
)
def test_idpyoidc(run_python_client, person, chosen):
    told = register(pkce_exempt=not chosen)

    learned = run_python_client("idpyoidc_client.py", {**told, "settings": chosen}, person)

    assert bound_by(learned) == ("S256" if chosen else "nonce")
    assert learned["claims"]["email"] == learned["userinfo"]["email"] == "grace@example.com"
    assert learned["refreshed"] is True


@with_and_without(config={"code_challenge": {"method": "S256", "length": 64}})
def test_pyoidc(run_python_client, person, chosen):
    told = register(pkce_exempt=not chosen)

    learned = run_python_client("pyoidc_client.py", {**told, "settings": chosen}, person)

    assert bound_by(learned) == ("S256" if chosen else "nonce")
    assert learned["nonce"] is True
    assert learned["userinfo"]["email"] == "grace@example.com"
    assert learned["refreshed"] is True
