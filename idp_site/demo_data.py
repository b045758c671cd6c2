"""The people and clients of demo mode (the contract is in the design's "Demo data")."""

from __future__ import annotations

import base64
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from . import demo

PEOPLE: list[dict[str, Any]] = [
    {"email": "alice@example.com", "given_name": "Alice", "family_name": "Archer"},
    {"email": "bob@example.com", "given_name": "Bob", "family_name": "Baker"},
    {
        "email": "admin@example.com",
        "given_name": "Ada",
        "family_name": "Operator",
        "is_staff": True,
        "is_superuser": True,
    },
]

WITH_AN_APP = {"bob@example.com": "bob-totp", "admin@example.com": "admin-totp"}
"""Who has an authenticator app, and by what name its key is kept. Operators need one."""


def clients() -> list[dict[str, Any]]:
    """The demo clients, as fields of the client model."""
    relying_party = f"http://localhost:{settings.RP_PORT}"
    api = f"http://localhost:{settings.API_PORT}/"
    everything = ["openid", "profile", "email", "offline_access", "api:read"]
    return [
        {
            "client_id": "demo-web",
            "name": "Fieldnotes (demo-web)",
            "client_type": "confidential",
            "redirect_uris": f"{relying_party}/callback",
            "post_logout_redirect_uris": f"{relying_party}/",
            "grant_types": ["authorization_code", "refresh_token"],
            "scopes": everything,
            "audiences": [api],
            "metadata": {
                "response_types": ["code", "code id_token"],
                "backchannel_logout_uri": f"{relying_party}/backchannel-logout",
            },
        },
        {
            "client_id": "demo-spa",
            "name": "Fieldnotes in the browser (demo-spa)",
            "client_type": "public",
            "token_endpoint_auth_methods": ["none"],
            "redirect_uris": f"{relying_party}/spa/callback",
            "post_logout_redirect_uris": f"{relying_party}/",
            "allowed_origins": relying_party,
            "grant_types": ["authorization_code", "refresh_token"],
            "scopes": everything,
            "audiences": [api],
        },
        {
            "client_id": "demo-service",
            "name": "Fieldnotes' nightly job (demo-service)",
            "client_type": "confidential",
            "grant_types": ["client_credentials"],
            "scopes": ["api:read"],
            "audiences": [api],
        },
        {
            "client_id": "demo-device",
            "name": "Fieldnotes on television (demo-device)",
            "client_type": "public",
            "token_endpoint_auth_methods": ["none"],
            "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
            "scopes": everything,
            "audiences": [api],
        },
    ]


def _secret_of(client: dict[str, Any]) -> str:
    """The client's secret, kept in ``VAR_DIR/secrets`` so that it can be told; ``""`` if public."""
    if client["client_type"] == "public":
        return ""
    return demo.kept_secret(settings.VAR_DIR, client["client_id"], demo.new_client_secret)


def _totp_key(email: str) -> str:
    """The key of a person's authenticator app, in Base32, kept as client secrets are."""
    return demo.kept_secret(settings.VAR_DIR, WITH_AN_APP[email], demo.new_totp_key)


def seed() -> None:
    """Make the people that are missing, and set the clients to what is written here."""
    if apps.is_installed("accounts"):
        seed_people()
        if apps.is_installed("mfa"):
            seed_authenticator_apps()
    if apps.is_installed("oauth"):
        seed_clients()


@transaction.atomic
def seed_people() -> None:
    """A person who is there keeps what they changed, but for the password.

    That is public anyway, and the demo must let people in.
    """
    User = get_user_model()
    for fields in PEOPLE:
        user = User._default_manager.filter(email=fields["email"]).first()
        if user is None:
            user = User(
                **fields,
                name=f"{fields['given_name']} {fields['family_name']}",
                email_verified_at=timezone.now(),
            )
        if not user.check_password(demo.PASSWORD):
            user.password = make_password(demo.PASSWORD)  # of which nobody is told
            user.save()


@transaction.atomic
def seed_authenticator_apps() -> None:
    """The keys that are told work, whatever else those people have set up."""
    AuthenticatorApp = apps.get_model("ostiary_mfa", "AuthenticatorApp")
    for user in get_user_model()._default_manager.filter(email__in=WITH_AN_APP):
        key = base64.b32decode(_totp_key(user.email))
        own = AuthenticatorApp._default_manager.filter(user=user, confirmed=True)
        if not any(app.key == key for app in own):
            AuthenticatorApp._default_manager.create(
                user=user, name="Phone", key=key, confirmed=True
            )


@transaction.atomic
def seed_clients() -> None:
    """The clients follow the ports that were chosen this time; one that does already is not saved,
    and nobody has to wait for it."""
    Client = apps.get_model("ostiary_oauth", "Client")
    for fields in clients():
        client = Client.objects.filter(client_id=fields["client_id"]).first() or Client()
        before = dict(vars(client))
        for name, value in fields.items():
            setattr(client, name, value)
        if secret := _secret_of(fields):
            client.set_secret(secret)
        client.full_clean()
        if client._state.adding or vars(client) != before:
            client.save()


def credentials() -> dict[str, Any]:
    """The object of ``manage.py demo_credentials --json``."""
    return {
        "issuer": settings.ISSUER_URL,
        "people": [
            {
                "email": fields["email"],
                "password": demo.PASSWORD,
                **(
                    {"totp_key": _totp_key(fields["email"])}
                    if fields["email"] in WITH_AN_APP and apps.is_installed("mfa")
                    else {}
                ),
            }
            for fields in PEOPLE
        ],
        "clients": [
            {
                "name": fields["client_id"],  # what people are shown has it in brackets
                "client_id": fields["client_id"],
                **({"client_secret": secret} if (secret := _secret_of(fields)) else {}),
                **(
                    {"redirect_uris": fields["redirect_uris"].split()}
                    if "redirect_uris" in fields
                    else {}
                ),
                "grant_types": fields["grant_types"],
            }
            for fields in clients()
        ],
    }
