"""What is live is nowhere to be read: not in a table, a cache, a log, or the security log
(SECURITY B1, B3, H9)."""

import logging

import pytest
from django.apps import apps
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection

from oauth.issuer import endpoint
from oauth.models import Client
from tests.oauth import flow
from tests.oauth.assertions import make_proof, new_key
from tests.oauth.conftest import make_client

pytestmark = pytest.mark.django_db

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def tables() -> str:
    """All that the database holds, as text."""
    told = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.managed and not model._meta.proxy:
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"SELECT * FROM {table}")  # noqa: S608  (our names)
                for row in cursor.fetchall():
                    told += [
                        bytes(value).decode("latin-1")
                        if isinstance(value, bytes | memoryview)
                        else str(value)
                        for value in row
                    ]
    return "\n".join(told)


def kept() -> str:
    """All that the caches of this process hold, as text."""
    return "\n".join(
        str(name) + value.decode("latin-1")
        for cache in caches.all()
        if isinstance(cache, LocMemCache)
        for name, value in cache._cache.items()
    )


@pytest.mark.parametrize("policy", Client.RevocationPolicy.values)
def test_h9_no_code_token_or_secret_is_in_a_table_a_cache_or_a_log(
    signed_in_browser, confidential_client, caplog, policy
):
    caplog.set_level(logging.DEBUG)
    client = confidential_client
    client.revocation_policy = policy
    client.grant_types = [*client.grant_types, "client_credentials", DEVICE]
    client.save()
    live: dict[str, str] = {"the client's secret": client.raw_secret}

    pushed = flow.push(client, state="s").json()["request_uri"]
    live["the reference"] = pushed.rpartition(":")[2]
    code, verifier = flow.obtain_code(signed_in_browser, client)
    live |= {"the code": code, "the verifier": verifier}
    unused, _ = flow.obtain_code(signed_in_browser, client)
    live["a code that nobody redeems"] = unused
    proof = make_proof(new_key(), url=endpoint("token"))
    live["the proof"] = proof
    answer = flow.post_form(
        flow.TOKEN,
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uris.split()[0],
            "code_verifier": verifier,
        },
        flow.basic(client.client_id, client.raw_secret),
        dpop=proof,
    ).json()
    live |= {name: answer[name] for name in ("access_token", "id_token")}
    live["the refresh token that was used"] = answer["refresh_token"]
    live["a secret that is wrong"] = "wrong-" + "w" * 40
    flow.post_form(
        flow.TOKEN,
        {"grant_type": "client_credentials"},
        flow.basic(client.client_id, live["a secret that is wrong"]),
    )
    refreshed = flow.refresh(client, answer["refresh_token"]).json()
    live |= {f"{name}, refreshed": refreshed[name] for name in ("access_token", "refresh_token")}
    own = flow.post_token(client, grant_type="client_credentials").json()
    live["its own token"] = own["access_token"]
    started = flow.post_as(client, "/oauth/device_authorization", {"scope": "openid"}).json()
    live |= {name: started[name] for name in ("device_code", "user_code")}
    flow.post_as(client, "/oauth/introspect", {"token": refreshed["access_token"]})
    spa = make_client(name="Other", client_type="confidential", grant_types=["client_credentials"])
    flow.post_as(spa, flow.REVOKE, {"token": refreshed["refresh_token"]})
    flow.userinfo(refreshed["access_token"] + "x")
    flow.refresh(client, answer["refresh_token"])  # reuse, which is told to the security log

    rows = tables()
    assert "token.reuse_detected" in rows
    for place, told in (("table", rows), ("cache", kept()), ("log", caplog.text)):
        found = [name for name, value in live.items() if value in told]
        assert not found, f"in a {place}: {found}"
