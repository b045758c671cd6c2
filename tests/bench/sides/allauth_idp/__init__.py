"""The identity provider of allauth, as its documentation says to set it up."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.bench import installing
from tests.bench.sides.django_peer import PASSWORD, project
from tests.bench.sides.provider import Client, Provider

PACKAGE = "django-allauth"
NAME = "allauth.idp"
SETTINGS = "tests.bench.sides.allauth_idp.settings"
PATHS = {
    "jwks": "/.well-known/jwks.json",
    "discovery": "/.well-known/openid-configuration",
    "token": "/identity/o/api/token",
    "userinfo": "/identity/o/api/userinfo",
    "introspection": "/identity/o/api/introspect",
    "authorize": "/identity/o/authorize",
    "signin": "/accounts/login/",
    "consent_page": "",  # the client is one that nobody is asked about
}
ADD = """
import os
from django.contrib.auth import get_user_model
from allauth.idp.oidc.models import Client
alice = get_user_model().objects.create_user("alice", password=os.environ["PASSWORD"])
GRANTS = {"service": ["client_credentials"], "web": ["authorization_code", "refresh_token"]}
for name, grants in GRANTS.items():
    client = Client(id=name, name=name, skip_consent=True, owner=alice)
    client.set_secret(os.environ["SECRET"])
    client.set_scopes(["openid", "read"])
    client.set_default_scopes(["read"])
    client.set_grant_types(grants)
    client.set_redirect_uris(["http://localhost:9000/callback"])
    client.save()
"""


def why_not() -> str:
    """Why it can't be measured here, or nothing. Installs it."""
    return installing.python_package(PACKAGE, f"{PACKAGE}[idp-oidc]")


@contextlib.contextmanager
def running() -> Iterator[Provider]:
    """Its server, with two clients and a person. Stopped at the end."""
    folder = installing.FOLDER / PACKAGE
    with project(SETTINGS, "allauth", ADD, PATHS["jwks"], folder) as served:
        yield Provider(
            NAME,
            installing.python_version(PACKAGE),
            served.port,
            served.process,
            served.database,
            served.environment,
            service=Client("service", served.secret),
            web=Client("web", served.secret),
            paths=PATHS,
            person={"login": "alice", "password": PASSWORD},
            session_cookie="sessionid",
            hashes_secrets=True,
        )
