"""Back-channel logout of the example relying party, as `make run` shows it, over real HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from oauth.models import Client, ClientSession
from ostiary import outbox
from ostiary.models import OutboxMessage
from tests.examples.conftest import run_example as run_example
from tests.machine import free_port

pytestmark = pytest.mark.django_db(transaction=True)


def set_address(client_id: str, address: str) -> None:
    registered = Client.objects.get(client_id=client_id)
    registered.metadata = {"backchannel_logout_uri": address}
    registered.full_clean()
    registered.save()


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_jose_takes_the_logout_token(run_node_client, issuer, client, person, alg):
    told = client("client_secret_basic", id_token_signed_response_alg=alg)

    def listens_at(address):
        set_address(told["client_id"], address)
        return "go on"

    def sign_out(_):
        person.sign_out(issuer)
        assert outbox.deliver_due() == 1
        return "signed out"

    learned = run_node_client(
        "openid_client_logout.mjs",
        {**told, "issuer": issuer, "metadata": {"id_token_signed_response_alg": alg}},
        person,
        listens_at=listens_at,
        sign_out=sign_out,
    )

    [end] = learned["seen"]
    assert end["payload"]["sid"] == learned["claims"]["sid"]
    assert end["payload"]["sub"] == learned["claims"]["sub"]
    assert ClientSession.objects.get().told_at is not None


def test_signing_out_ends_the_session_at_the_relying_party_that_was_down(
    issuer, client, person, run_example
):
    told = client("client_secret_basic")
    rp = run_example(
        "relying_party",
        "RP_PORT",
        ISSUER_URL=issuer,
        CLIENT_ID=told["client_id"],
        CLIENT_SECRET=told["client_secret"],
        API_URL="https://api.example/",
    ).replace("127.0.0.1", "localhost")
    Client.objects.filter(client_id=told["client_id"]).update(redirect_uris=f"{rp}/callback")
    set_address(told["client_id"], f"http://localhost:{free_port()}/nobody-here")
    there = person.go(f"{rp}/login?scope=openid+email", until=f"{rp}/callback")
    assert person.browser.get(there).status_code == 303
    assert "grace@example.com" in person.browser.get(f"{rp}/").text

    person.sign_out(issuer)
    assert outbox.deliver_due() == 0
    assert ClientSession.objects.get().failing_since is not None
    assert "grace@example.com" in person.browser.get(f"{rp}/").text

    set_address(told["client_id"], f"{rp}/backchannel-logout")
    OutboxMessage.objects.update(next_attempt_at=F("next_attempt_at") - timedelta(days=1))
    assert outbox.deliver_due() == 1

    assert "grace@example.com" not in person.browser.get(f"{rp}/").text
    assert ClientSession.objects.get().told_at is not None
