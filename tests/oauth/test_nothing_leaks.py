"""What is live is nowhere to be read: not in a table, a cache, a log, or the security log
(SECURITY B1, B3, H9)."""

import logging

import pytest

from oauth.issuer import endpoint
from oauth.models import Client
from oauth.models.trust_rule import JWT_BEARER, TOKEN_EXCHANGE
from tests.kept import kept, tables
from tests.oauth import flow
from tests.oauth.assertions import make_proof, new_key, signed_by
from tests.oauth.conftest import API, make_client
from tests.oauth.outside import platform
from tests.oauth.test_registration import initial_token, manage, registered
from tests.oauth.test_workload import bearer, make_rule

pytestmark = pytest.mark.django_db

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


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

    assert "token.reuse_detected" in assert_nowhere(live, caplog)


def assert_nowhere(live: dict[str, str], caplog: pytest.LogCaptureFixture) -> str:
    """None of these can be read anywhere; returns what the tables hold."""
    rows = tables()
    for place, told in (("table", rows), ("cache", kept()), ("log", caplog.text)):
        found = [name for name, value in live.items() if value in told]
        assert not found, f"in a {place}: {found}"
    return rows


def test_h9_nothing_by_which_a_client_shows_who_it_is_can_be_read_anywhere(
    signing_client, secret_signing_client, settings, caplog
):
    """Assertions, right and wrong, tokens of another issuer, and all that registration gives."""
    caplog.set_level(logging.DEBUG)
    settings.OSTIARY_OAUTH = {"REGISTRATION": "initial_access_token"}
    live = {"the secret to sign with": secret_signing_client.raw_secret}
    for name, client, how in (
        ("signed", signing_client, {}),
        ("signed for another", signing_client, {"aud": "https://else.example/"}),
        ("by secret", secret_signing_client, {"key": secret_signing_client.raw_secret}),
    ):
        alg = {"alg": "HS256"} if "key" in how else {}
        shown = signed_by(client, **how, **alg)
        live[f"the assertion {name}"] = shown["client_assertion"]
        answer = flow.post_form(flow.TOKEN, {"grant_type": "client_credentials", **shown})
        live[f"the token for the assertion {name}"] = answer.json().get("access_token", "none!")

    initial = initial_token()
    told = registered(initial.fresh_token)
    live |= {"the initial access token": initial.fresh_token}
    live |= {name: told[name] for name in ("client_secret", "registration_access_token")}
    manage("GET", told)
    live["a registration access token that is wrong"] = "wrong-" + "v" * 40
    manage("GET", told, token=live["a registration access token that is wrong"])

    deployer = make_client(
        name="Deployer",
        client_type="confidential",
        grant_types=[JWT_BEARER, TOKEN_EXCHANGE],
        scopes=["api:read"],
        audiences=[API],
    )
    with platform() as github:
        make_rule(github, deployer)
        live |= {"an outside token": github.token(), "one of another": github.token(sub="else")}
        for name in ("an outside token", "one of another"):
            answer = bearer(live[name])
            live[f"the token for {name}"] = answer.json().get("access_token", "none!")

    rows = assert_nowhere(live, caplog)
    assert "workload.accepted" in rows
    assert "workload.refused" in rows
