"""Authenticate as one client, name another wherever one can be named (SECURITY H13)."""

import pytest
from django.test import Client as Browser

from oauth.client_rules import GRANT_TYPES
from oauth.models import Client, ExchangeRule, Grant
from oauth.models.trust_rule import JWT_BEARER, TOKEN_EXCHANGE
from oauth.parameters import NEVER_IN_A_QUERY
from tests.oauth import flow, test_device
from tests.oauth.conftest import API, SIGNS_PEOPLE_IN, make_client
from tests.oauth.outside import platform
from tests.oauth.test_revocation_policies import INTROSPECT
from tests.oauth.test_token_exchange import ACCESS_TOKEN, NEXT
from tests.oauth.test_workload import JWT, make_rule

pytestmark = pytest.mark.django_db

# Whatever an endpoint, of ours or another's, might take for the name of a client.
NAMES = [
    "client_id",
    "client",
    "clientId",
    "application",
    "azp",
    "aud",
    "sub",
    "actor",
    "subject",
    "act_as",
    "client_assertion",
    "requested_actor",
]


@pytest.fixture
def mallory(db):
    """Another confidential client, registered for everything."""
    return make_client(
        name="Mallory",
        client_type=Client.CLIENT_CONFIDENTIAL,
        redirect_uris="https://mallory.example/callback",
        post_logout_redirect_uris="https://mallory.example/",
        **{**SIGNS_PEOPLE_IN, "grant_types": list(GRANT_TYPES)},
    )


@pytest.fixture
def stolen(signed_in_browser, confidential_client):
    """What leaked from the client: an unused code, and the tokens of another sign-in."""
    code, verifier = flow.obtain_code(signed_in_browser, confidential_client)
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)
    return {"code": code, "code_verifier": verifier, **tokens}


def requests_with(stolen) -> list[tuple[str, dict]]:
    """Every request that uses something stolen."""
    return [
        (
            flow.TOKEN,
            {
                "grant_type": "authorization_code",
                "code": stolen["code"],
                "code_verifier": stolen["code_verifier"],
                "redirect_uri": "https://rp.example/callback",
            },
        ),
        (
            flow.TOKEN,
            {"grant_type": "refresh_token", "refresh_token": stolen["refresh_token"]},
        ),
        (flow.REVOKE, {"token": stolen["refresh_token"]}),
        (flow.REVOKE, {"token": stolen["access_token"]}),
    ]


def ways_to_authenticate(client) -> list[tuple[dict, str]]:
    """Parameters and header by which a client shows who it is."""
    in_body = {"client_id": client.client_id, "client_secret": client.raw_secret}
    return [(in_body, ""), ({}, flow.basic(client.client_id, client.raw_secret))]


def assert_nothing_stolen(stolen, client):
    """The victim's code and tokens are as good as before."""
    assert not Grant.objects.filter(application=client, revoked_at__isnull=False).exists()
    assert flow.userinfo(stolen["access_token"]).status_code == 200
    redeemed = flow.redeem(client, stolen["code"], stolen["code_verifier"])
    assert redeemed.status_code == 200
    assert flow.refresh(client, stolen["refresh_token"]).status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_naming_the_victim_in_any_parameter_gives_nothing(
    stolen, mallory, confidential_client, name
):
    for way, header in ways_to_authenticate(mallory):
        for path, params in requests_with(stolen):
            named = {**params, **way, name: confidential_client.client_id}
            answer = flow.post_form(path, named, header)
            assert "access_token" not in answer.json()

    assert_nothing_stolen(stolen, confidential_client)


def test_naming_the_victim_in_the_header_and_oneself_in_the_body_gives_nothing(
    stolen, mallory, confidential_client
):
    for secret in ("", "guess", mallory.raw_secret):
        header = flow.basic(confidential_client.client_id, secret)
        for path, params in requests_with(stolen):
            for body in (
                {},
                {"client_id": mallory.client_id},
                {"client_id": mallory.client_id, "client_secret": mallory.raw_secret},
            ):
                answer = flow.post_form(path, {**params, **body}, header)
                assert answer.status_code in (400, 401, 429)

    assert_nothing_stolen(stolen, confidential_client)


def test_naming_both_in_the_body_gives_nothing(stolen, mallory, confidential_client):
    for path, params in requests_with(stolen):
        for first, second in (
            (mallory, confidential_client),
            (confidential_client, mallory),
        ):
            pairs = [
                *params.items(),
                ("client_id", first.client_id),
                ("client_id", second.client_id),
                ("client_secret", mallory.raw_secret),
            ]
            answer = flow.post_form(path, pairs)
            assert answer.status_code == 400
            assert answer.json()["error"] == "invalid_request"

    assert_nothing_stolen(stolen, confidential_client)


def test_naming_the_victim_in_the_query_gives_nothing(stolen, mallory, confidential_client):
    for way, header in ways_to_authenticate(mallory):
        for path, params in requests_with(stolen):
            address = f"{path}?client_id={confidential_client.client_id}"
            assert flow.post_form(address, {**params, **way}, header).status_code == 400

    assert_nothing_stolen(stolen, confidential_client)


def test_a_public_client_gets_nothing_by_naming_itself_or_the_victim(
    stolen, public_client, confidential_client
):
    for name in (public_client.client_id, confidential_client.client_id):
        for path, params in requests_with(stolen):
            answer = flow.post_form(path, {**params, "client_id": name})
            assert "access_token" not in answer.json()

    assert_nothing_stolen(stolen, confidential_client)


def test_a_service_token_is_about_who_authenticated(mallory, service_client):
    # A client_assertion beside a secret is a second method, and refused as such.
    for name in set(NAMES) - {"client_id", "client_assertion"}:
        for way, header in ways_to_authenticate(mallory):
            params = {"grant_type": "client_credentials", **way, name: service_client.client_id}
            token = flow.post_form(flow.TOKEN, params, header).json()["access_token"]
            said = flow.said_by(token)
            assert said["sub"] == said["client_id"] == mallory.client_id


def test_another_clients_device_code_is_refused_and_not_used_up(signed_in_browser, mallory):
    television = make_client(
        name="Television",
        client_type="public",
        grant_types=[test_device.GRANT_TYPE],
        scopes=["openid"],
    )
    started = test_device.start(television, scope="openid")
    test_device.decide(signed_in_browser, started["user_code"], "allow")
    ask = {"grant_type": test_device.GRANT_TYPE, "device_code": started["device_code"]}

    for way, header in ways_to_authenticate(mallory):
        for name in NAMES:
            answer = flow.post_form(flow.TOKEN, {**ask, **way, name: television.client_id}, header)
            assert "access_token" not in answer.json()

    assert test_device.poll(television, started).status_code == 200


def test_another_clients_pushed_request_is_refused_and_not_used_up(
    signed_in_browser, mallory, confidential_client
):
    pushed = flow.push(confidential_client)

    for name in NAMES:
        named = {name: mallory.client_id, "redirect_uri": mallory.redirect_uris}
        answer = flow.come(signed_in_browser, mallory, pushed, **named)
        assert answer.status_code == 400
        assert "Location" not in answer

    assert flow.come(signed_in_browser, confidential_client, pushed).status_code == 200


def test_a_request_is_pushed_by_who_authenticated(mallory, confidential_client):
    params = flow.authorization_params(confidential_client, flow.new_verifier())
    for way, header in ways_to_authenticate(mallory):
        for named in ({"client_id": confidential_client.client_id}, {"client_id": None}):
            sent = {name: v for name, v in {**params, **way, **named}.items() if v is not None}
            assert flow.post_form(flow.PAR, sent, header).status_code in (400, 401)


def test_introspection_tells_nobody_of_another_clients_tokens(stolen, mallory, confidential_client):
    for way, header in ways_to_authenticate(mallory):
        for token in (stolen["access_token"], stolen["refresh_token"]):
            for name in NAMES:
                named = {"token": token, **way, name: confidential_client.client_id}
                answer = flow.post_form(INTROSPECT, named, header)
                assert answer.status_code in (400, 401) or answer.json() == {"active": False}


def test_a_rule_of_one_client_exchanges_nothing_for_another(
    signed_in_browser, mallory, confidential_client
):
    api = make_client(name="API", client_type="confidential", grant_types=[TOKEN_EXCHANGE])
    ExchangeRule.objects.create(
        client=api, subject_audience=API, target_audience=NEXT, scopes=["api:read"]
    )
    token = flow.sign_in_tokens(signed_in_browser, confidential_client, resource=API)
    ask = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": token["access_token"],
        "subject_token_type": ACCESS_TOKEN,
        "resource": NEXT,
    }
    assert flow.post_token(api, **ask).status_code == 200

    for way, header in ways_to_authenticate(mallory):
        for name in [*NAMES, "actor_token", "audience"]:
            answer = flow.post_form(flow.TOKEN, {**ask, **way, name: api.client_id}, header)
            assert "access_token" not in answer.json()


@pytest.mark.parametrize("grant_type", [JWT_BEARER, TOKEN_EXCHANGE])
def test_an_outside_token_stands_for_no_client_but_that_of_its_rule(mallory, grant_type):
    deployer = make_client(
        name="Deployer",
        client_type="confidential",
        grant_types=[JWT_BEARER, TOKEN_EXCHANGE],
        scopes=["api:read"],
        audiences=[API],
    )
    with platform() as github:
        make_rule(github, deployer)
        shown = {
            JWT_BEARER: {"assertion": github.token()},
            TOKEN_EXCHANGE: {
                "subject_token": github.token(),
                "subject_token_type": JWT,
                "audience": API,
            },
        }[grant_type]
        ask = {"grant_type": grant_type, **shown}
        for way, header in [*ways_to_authenticate(mallory), ({"client_id": mallory.client_id}, "")]:
            for name in NAMES:
                named = {**ask, name: deployer.client_id, **way}
                assert "access_token" not in flow.post_form(flow.TOKEN, named, header).json()
        given = flow.post_form(flow.TOKEN, {**ask, "client_id": deployer.client_id}).json()

    assert flow.said_by(given["access_token"])["client_id"] == deployer.client_id


# --- where a browser names the client -------------------------------------------------------------


def test_a_redirect_uri_of_one_client_does_not_go_with_the_name_of_another(
    signed_in_browser, mallory, confidential_client
):
    for client, other in ((mallory, confidential_client), (confidential_client, mallory)):
        response = flow.authorize(
            signed_in_browser, client, redirect_uri=other.redirect_uris.split()[0]
        )
        assert response.status_code == 400
        assert "Location" not in response


def test_a_code_never_goes_where_its_client_is_not(signed_in_browser, mallory, confidential_client):
    flow.obtain_code(signed_in_browser, confidential_client)
    for name in NAMES[1:]:
        answer = flow.authorize(signed_in_browser, confidential_client, **{name: mallory.client_id})
        assert answer["Location"].startswith("https://rp.example/callback?code=")


def test_a_logout_with_one_clients_token_does_not_lead_to_another_clients_page(
    stolen, signed_in_browser, mallory
):
    returning = {"post_logout_redirect_uri": "https://mallory.example/"}
    hint = {"id_token_hint": stolen["id_token"]}

    for params in ({**hint, **returning, "client_id": mallory.client_id}, {**hint, **returning}):
        answer = signed_in_browser.get("/oauth/logout", params)
        assert not flow.led_on_to(answer)
        assert not answer.has_header("Refresh")
        assert b'href="https://mallory' not in answer.content


def test_a_consent_withdrawn_from_one_client_leaves_the_other(
    stolen, signed_in_browser, mallory, confidential_client
):
    flow.sign_in_tokens(signed_in_browser, mallory)

    signed_in_browser.post(f"/account/applications/{mallory.pk}/withdraw/")

    assert_nothing_stolen(stolen, confidential_client)


def test_userinfo_takes_no_word_for_who_asks(stolen, mallory):
    bearer = {"authorization": f"Bearer {stolen['access_token']}"}
    for name in NAMES:
        answer = Browser().get(flow.USERINFO, {name: mallory.client_id}, headers=bearer)
        if name in NEVER_IN_A_QUERY:
            assert answer.json()["error"] == "invalid_request"
        else:
            assert answer.json()["sub"] == flow.said_by(stolen["access_token"])["sub"]
