"""Which API a request names, however it spells the address (RFC 8707, RFC 3986 §6.2.3)."""

from urllib.parse import urlencode

import pytest

from oauth import resource_indicator
from oauth.models import Client, ExchangeRule, Grant
from tests.oauth import flow
from tests.oauth.conftest import SIGNS_PEOPLE_IN, make_client
from tests.oauth.test_token_exchange import GRANT_TYPE as EXCHANGE
from tests.oauth.test_token_exchange import NEXT, exchange

REGISTERED = ["https://mcp.example.com/", "https://api.example.com/v1", "urn:example:Api"]


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("https://mcp.example.com/", "https://mcp.example.com/"),
        ("https://mcp.example.com", "https://mcp.example.com/"),
        ("HTTPS://MCP.Example.com", "https://mcp.example.com/"),
        ("https://mcp.example.com:443/", "https://mcp.example.com/"),
        ("https://mcp.example.com:/", "https://mcp.example.com/"),
        ("https://api.example.com/v1/", "https://api.example.com/v1"),
        ("https://API.example.com:443/v1", "https://api.example.com/v1"),
        ("urn:example:Api", "urn:example:Api"),
    ],
)
def test_one_uri_in_every_spelling(named, found):
    assert resource_indicator.find(named, REGISTERED) == found


@pytest.mark.parametrize(
    "named",
    [
        "",
        "http://mcp.example.com/",
        "https://mcp.example.com:8443/",
        "https://mcp.example.com:444443/",
        "https://mcp.example.com//",
        "https://mcp.example.com/?a=b",
        "https://mcp.example.com/#",
        "https://mcp.example.com/x",
        "https://mcp.example.com.evil.example/",
        "https://evil.example/https://mcp.example.com/",
        "https://mcp.example.com@evil.example/",
        "https://evil@mcp.example.com/",
        "https://mcp.exa\tmple.com/",
        " https://mcp.example.com/",
        "https://mcp.example.com\\",
        "https://ｍcp.example.com/",
        "//mcp.example.com/",
        "https:mcp.example.com/",
        "https://api.example.com/V1",
        "https://api.example.com/v1/..",
        "https://api.example.com/v1//",
        "https://api.example.com/%76%31",
        "urn:example:api",
        "URN:example:Api",
        "https://[::1",
    ],
)
def test_any_other_uri_is_another(named):
    assert resource_indicator.find(named, REGISTERED) is None


def test_of_two_that_differ_by_the_slash_alone_the_very_one_is_meant():
    both = ["https://api.example.com/v1", "https://api.example.com/v1/"]

    assert [resource_indicator.find(uri, both) for uri in both] == both


# --- at every endpoint ----------------------------------------------------------------------------

MCP = "https://mcp.example.com/"
SPELLED = "HTTPS://mcp.example.com:443"


@pytest.fixture
def agent(db):
    return make_client(
        name="Agent",
        client_type="confidential",
        redirect_uris="https://agent.example/callback",
        **{
            **SIGNS_PEOPLE_IN,
            "audiences": [MCP],
            "grant_types": [*SIGNS_PEOPLE_IN["grant_types"], "client_credentials"],
        },
    )


def audience(answer):
    return flow.said_by(answer["access_token"])["aud"]


def test_the_token_names_the_api_as_it_is_registered(signed_in_browser, agent):
    """anthropics/claude-code #52871."""
    scope = "api:read offline_access"
    code, verifier = flow.obtain_code(signed_in_browser, agent, resource=SPELLED, scope=scope)
    assert Grant.objects.get().resource == [MCP]
    tokens = flow.redeem(agent, code, verifier, resource=MCP.rstrip("/")).json()
    again = flow.refresh(agent, tokens["refresh_token"], resource=SPELLED).json()
    itself = flow.post_token(agent, grant_type="client_credentials", resource=SPELLED).json()

    assert {audience(each) for each in (tokens, again, itself)} == {MCP}


def test_a_consent_for_one_spelling_is_for_the_api(signed_in_browser, agent):
    flow.obtain_code(signed_in_browser, agent, resource=MCP, scope="api:read")

    answer = flow.authorize(signed_in_browser, agent, resource=SPELLED, scope="api:read")

    assert "code" in flow.answer_of(answer)


def test_one_api_named_twice_is_one(signed_in_browser, agent):
    params = flow.authorization_params(agent, flow.new_verifier(), scope="api:read")
    query = urlencode([*params.items(), ("resource", MCP), ("resource", SPELLED)])

    page = signed_in_browser.get(f"{flow.AUTHORIZE}?{query}")

    assert page.status_code == 200
    flow.allow(signed_in_browser, page)
    assert Grant.objects.get().resource == [MCP]


def test_an_unknown_one_is_named_in_the_error(agent):
    answer = flow.post_token(agent, grant_type="client_credentials", resource="https://x.example")

    assert answer.json()["error"] == "invalid_target"
    assert "https://x.example" in answer.json()["error_description"]


# --- several, in an exchange (RFC 8693 §2.1) ------------------------------------------------------

OTHER = "https://other.example/"


@pytest.fixture
def api(db):
    client = make_client(name="Api", client_type="confidential", grant_types=[EXCHANGE])
    for target, scopes in ((NEXT, ["api:read", "api:write"]), (OTHER, ["api:read"])):
        ExchangeRule.objects.create(
            client=client,
            subject_audience="https://api.example/",
            target_audience=target,
            scopes=scopes,
            lifetime=60 if target == OTHER else 300,
        )
    return client


@pytest.fixture
def subject(signed_in_browser, confidential_client, settings):
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "SCOPES": {"api:read": "Read", "api:write": "Write"},
    }
    confidential_client.scopes = ["api:read", "api:write"]
    confidential_client.save()
    return flow.sign_in_tokens(
        signed_in_browser, confidential_client, resource="https://api.example/"
    )["access_token"]


@pytest.mark.parametrize(
    "named",
    [
        {"audience": [NEXT, NEXT]},
        {"audience": NEXT, "resource": NEXT},
        {"audience": None, "resource": [NEXT, "HTTPS://next.example"]},
        {"audience": ["https://next.example:443", NEXT]},
    ],
)
def test_one_audience_may_be_named_in_several_ways(api, subject, named):
    answer = exchange(api, subject, **named)

    assert answer.status_code == 200, answer.content
    assert audience(answer.json()) == NEXT


def test_several_audiences_get_what_all_of_their_rules_give(api, subject):
    refused = exchange(api, subject, audience=[NEXT, OTHER])
    assert refused.json()["error"] == "invalid_target"
    Client.objects.filter(pk=api.pk).update(metadata={"multiple_audiences": True})

    answer = exchange(api, subject, audience=[NEXT, OTHER]).json()

    assert set(audience(answer)) == {NEXT, OTHER}
    assert answer["scope"] == "api:read"
    assert answer["expires_in"] == 60


def test_one_audience_without_a_rule_refuses_all(api, subject):
    Client.objects.filter(pk=api.pk).update(metadata={"multiple_audiences": True})

    answer = exchange(api, subject, audience=[NEXT, "https://x.example/"])

    assert answer.json()["error"] == "invalid_target"
    assert "https://x.example/" in answer.json()["error_description"]


def test_several_are_for_an_exchange_alone(agent):
    answer = flow.post_token(agent, grant_type="client_credentials", audience=[MCP, "x"])

    assert answer.json()["error"] == "invalid_request"
