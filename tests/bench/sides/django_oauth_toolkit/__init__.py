"""django-oauth-toolkit as its documentation says to set it up: the release that ours stands on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib.metadata import version

from tests.bench.sides.django_peer import PASSWORD, project
from tests.bench.sides.provider import Client, Provider

NAME = "django-oauth-toolkit"
SETTINGS = "tests.bench.sides.django_oauth_toolkit.settings"
PATHS = {
    "jwks": "/o/.well-known/jwks.json",
    "discovery": "/o/.well-known/openid-configuration",
    "token": "/o/token/",
    "userinfo": "/o/userinfo/",
    "introspection": "/o/introspect/",
    "authorize": "/o/authorize/",
    "signin": "/accounts/login/",
    "signin_page": "",  # it has none of its own
    "consent_page": "",  # the client is one that nobody is asked about
}
ADD = """
import os
from django.contrib.auth import get_user_model
from oauth2_provider.models import Application
alice = get_user_model().objects.create_user("alice", password=os.environ["PASSWORD"])
for name, grant in (("service", "client-credentials"), ("web", "authorization-code")):
    Application.objects.create(
        client_id=name, name=name, client_type="confidential", authorization_grant_type=grant,
        client_secret=os.environ["SECRET"], redirect_uris="http://localhost:9000/callback",
        algorithm="RS256", skip_authorization=True, user=alice,
    )
"""


@contextlib.contextmanager
def running() -> Iterator[Provider]:
    """Its server, with two clients and a person. Stopped at the end."""
    with project(SETTINGS, "dot", ADD, PATHS["jwks"], None) as served:
        yield Provider(
            NAME,
            version(NAME),
            served.port,
            served.process,
            served.database,
            served.environment,
            service=Client("service", served.secret),
            web=Client("web", served.secret),
            paths=PATHS,
            person={"username": "alice", "password": PASSWORD},
            session_cookie="sessionid",
            hashes_secrets=True,
        )
