"""npm's openid-client, over real HTTP: devices, token exchange, and clients that register
themselves."""

import pytest

from oauth.models import Client, ExchangeRule, InitialAccessToken
from tests.oauth.flow import said_by

from .conftest import API, REDIRECT_URI, new_key

pytestmark = pytest.mark.django_db(transaction=True)

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
NEXT = "https://next.example/"


@pytest.fixture
def use_device(run_node_client, issuer, client, person):
    """Begins at a device and lets the person decide; what the device learned."""

    def run(decision, then, **chosen):
        told = client("none", grant_types=[DEVICE, "refresh_token"], redirect_uris="")

        def decide(url):
            person.read(url, until=then, decision=decision)
            return "decided"

        return run_node_client(
            "openid_client_device.mjs", {**told, "issuer": issuer, **chosen}, decide=decide
        )

    return run


@pytest.mark.parametrize("chosen", [{}, {"dpop": "ES256"}], ids=["bearer", "dpop"])
def test_a_device_gets_tokens_when_the_person_allows_it(use_device, issuer, chosen):
    learned = use_device("allow", "Device connected", **chosen)

    assert learned["shown"]["verification_uri"] == f"{issuer}/oauth/device"
    assert learned["before"] == "authorization_pending"
    assert learned["decided"] == "accepted"
    assert learned["tokenType"] == ("dpop" if chosen else "bearer")
    assert learned["userinfo"]["email"] == "grace@example.com"
    assert learned["refreshed"]["access_token"]
    assert learned["again"] == "invalid_grant"


def test_a_device_is_told_that_the_person_refused(use_device):
    learned = use_device("deny", "has no access")

    assert learned["decided"] == learned["again"] == "access_denied"


@pytest.mark.parametrize("chosen", [{}, {"dpop": "ES256"}], ids=["bearer", "dpop"])
def test_an_api_exchanges_a_token_for_the_next_api(run_node_client, issuer, client, chosen):
    told = client(
        "client_secret_basic",
        grant_types=["client_credentials", EXCHANGE],
        scopes=["api:read"],
        redirect_uris="",
    )
    ExchangeRule.objects.create(
        client=Client.objects.get(client_id=told["client_id"]),
        subject_audience=API,
        target_audience=NEXT,
        scopes=["api:read"],
    )

    learned = run_node_client(
        "openid_client_exchange.mjs",
        {**told, "issuer": issuer, "resource": API, "target": NEXT, "scope": "api:read", **chosen},
    )

    assert learned["exchanged"]["issued_token_type"].endswith(":access_token")
    assert said_by(learned["exchanged"]["access_token"])["aud"] == NEXT
    assert learned["introspected"]["active"] is True
    assert ("cnf" in learned["introspected"]) is bool(chosen)
    assert learned["elsewhere"] == "invalid_target"


ALIKE = {
    "client_name": "Registered by itself",
    "redirect_uris": [REDIRECT_URI],
    "post_logout_redirect_uris": ["https://rp.example/"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
}


@pytest.mark.parametrize(
    ("method", "token_needed"),
    [
        ("client_secret_basic", False),
        ("client_secret_post", True),
        ("private_key_jwt", False),
        ("none", True),
    ],
)
def test_it_registers_itself_and_signs_a_person_in(
    run_node_client, issuer, person, settings, method, token_needed
):
    settings.OSTIARY_OAUTH = {
        **settings.OSTIARY_OAUTH,
        "REGISTRATION": "initial_access_token" if token_needed else "open",
    }
    initial = InitialAccessToken(note="Interop")
    initial.make()
    initial.save()
    private, public = new_key("ES256")
    registers = {
        **ALIKE,
        "token_endpoint_auth_method": method,
        **({"jwks": public} if method == "private_key_jwt" else {}),
    }

    learned = run_node_client(
        "openid_client.mjs",
        {
            "issuer": issuer,
            "method": method,
            "redirect_uri": REDIRECT_URI,
            "registers": registers,
            "signing_key": private,
            **({"initial_access_token": initial.fresh_token} if token_needed else {}),
        },
        person,
    )

    assert learned["claims"]["email"] == "grace@example.com"
    assert learned["claims"]["aud"] == Client.objects.get().client_id
    assert learned["afterRevocation"] == "invalid_grant"
