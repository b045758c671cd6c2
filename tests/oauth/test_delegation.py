"""Who acts for whom in an exchanged token, and that it is worth no more than what was brought
(RFC 8693 §4.1, §4.4; SECURITY B9)."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oauthlib.oauth2.rfc6749.errors import InvalidScopeError

from oauth import delegation, jws
from oauth.grants import token_exchange
from oauth.models import Client, ExchangeRule
from tests.oauth import flow
from tests.oauth.conftest import API, make_client
from tests.oauth.test_token_exchange import ACCESS_TOKEN, GRANT_TYPE, NEXT, error_of, exchange

pytestmark = pytest.mark.django_db

JWT = "urn:ietf:params:oauth:token-type:jwt"


@pytest.fixture
def desk(db):
    """The application of a help desk, into which its people sign in and which may act for others,
    and for itself."""
    return make_client(
        name="Desk",
        client_type="confidential",
        redirect_uris="https://desk.example/callback",
        grant_types=["authorization_code", "client_credentials", GRANT_TYPE],
        scopes=["openid", "api:read"],
        audiences=[API],
    )


@pytest.fixture
def rule(desk):
    return ExchangeRule.objects.create(
        client=desk,
        subject_audience=API,
        target_audience=NEXT,
        scopes=["api:read"],
        actor_tokens=True,
    )


@pytest.fixture
def subject(signed_in_browser, confidential_client):
    """Alice's token."""
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, resource=API)
    return tokens["access_token"]


@pytest.fixture
def helper(other_person, desk):
    """Bob's token, of the help desk."""
    browser = flow.Browser()
    browser.force_login(other_person)
    return flow.sign_in_tokens(browser, desk)["access_token"]


def acted(client, subject, actor, **params):
    return exchange(client, subject, actor_token=actor, actor_token_type=ACCESS_TOKEN, **params)


def act_of(answer):
    assert answer.status_code == 200, answer.content
    return flow.said_by(answer.json()["access_token"])["act"]


def signed(token, **changes):
    """The same access token of ours, but for the changes; ``None`` leaves one out."""
    claims = {**flow.said_by(token), **changes}
    given = {name: value for name, value in claims.items() if value is not None}
    return jws.sign(given, alg="ES256", typ="at+jwt")


def own_token(client):
    answer = flow.post_token(client, grant_type="client_credentials")
    return answer.json()["access_token"]


def test_b9_a_person_acts_for_another_where_the_rule_lets_them(
    desk, rule, subject, helper, person, other_person
):
    answer = acted(desk, subject, helper)

    said = flow.said_by(answer.json()["access_token"])
    assert said["sub"] == flow.said_by(subject)["sub"] != flow.said_by(helper)["sub"]
    assert said["act"] == {"sub": flow.said_by(helper)["sub"]}
    assert said["client_id"] == desk.client_id


def test_b9_who_acted_before_stays_in_the_chain(desk, rule, subject, helper):
    earlier = {"sub": "first", "act": {"sub": "before that"}}

    chain = act_of(acted(desk, signed(subject, act=earlier), helper))

    assert chain == {"sub": flow.said_by(helper)["sub"], "act": earlier}


def test_b9_without_leave_only_the_client_itself_acts(desk, rule, subject, helper):
    ExchangeRule.objects.update(actor_tokens=False)

    assert error_of(acted(desk, subject, helper)) == "invalid_request"
    assert act_of(acted(desk, subject, own_token(desk))) == {"sub": desk.client_id}


def test_b9_a_rule_of_impersonation_takes_no_actor(desk, rule, subject, helper):
    ExchangeRule.objects.update(delegation=False)

    assert error_of(acted(desk, subject, helper)) == "invalid_request"


def test_b9_an_actor_token_of_another_client_is_refused(desk, rule, subject, service_client):
    for token in (subject, own_token(service_client)):
        assert error_of(acted(desk, subject, token)) == "invalid_request"


def test_b9_who_is_acted_for_does_not_act(desk, rule, subject, helper):
    delegated = signed(helper, act={"sub": "somebody"})

    assert error_of(acted(desk, subject, delegated)) == "invalid_request"


@pytest.mark.parametrize("wrong", ["x", "a.b.c", "id_token", "expired", "other type", "no type"])
def test_b9_an_actor_token_that_is_none_is_refused(
    desk, rule, subject, helper, wrong, other_person
):
    browser = flow.Browser()
    browser.force_login(other_person)
    tokens = {
        "id_token": flow.sign_in_tokens(browser, desk)["id_token"],
        "expired": signed(helper, exp=int(time.time()) - 60),
    }
    kinds = {"other type": "urn:ietf:params:oauth:token-type:id_token", "no type": ""}
    answer = exchange(
        desk,
        subject,
        actor_token=tokens.get(wrong, helper if wrong in kinds else wrong),
        actor_token_type=kinds.get(wrong, ACCESS_TOKEN),
    )

    assert error_of(answer) == "invalid_request"


def test_b9_an_actor_who_was_switched_off_acts_no_more(desk, rule, subject, helper, other_person):
    other_person.is_active = False
    other_person.save()

    assert error_of(acted(desk, subject, helper)) == "invalid_request"


def test_b9_the_result_does_not_outlive_the_actor_token(desk, rule, subject, helper):
    soon = signed(helper, exp=int(time.time()) + 20)

    assert acted(desk, subject, soon).json()["expires_in"] <= 20


def test_b9_the_chain_has_an_end(desk, rule, subject):
    chain = {"sub": "0"}
    for name in range(1, delegation.MAX_ACTORS - 1):
        chain = {"sub": str(name), "act": chain}
    full = exchange(desk, signed(subject, act=chain))
    assert act_of(full) == {"sub": desk.client_id, "act": chain}

    over = exchange(desk, signed(subject, act={"sub": "one more", "act": chain}))

    assert error_of(over) == "invalid_request"


def test_b9_may_act_names_who_may(desk, rule, subject, helper):
    ExchangeRule.objects.update(actor_tokens=False)
    bob = flow.said_by(helper)["sub"]
    issuer = flow.said_by(subject)["iss"]

    assert act_of(acted(desk, signed(subject, may_act={"sub": bob}), helper)) == {"sub": bob}
    for told in ({"sub": desk.client_id}, {"sub": desk.client_id, "iss": issuer}):
        assert act_of(exchange(desk, signed(subject, may_act=told))) == {"sub": desk.client_id}


@pytest.mark.parametrize(
    "told",
    [
        {"sub": "somebody else"},
        {},
        "a text",
        ["a list"],
        {"iss": "http://localhost:8000"},
        {"sub": "{client}", "iss": "https://elsewhere.example"},
        {"sub": "{client}", "client_id": "x"},
    ],
)
@pytest.mark.parametrize("delegates", [True, False])
def test_b9_may_act_keeps_out_everybody_else(desk, rule, subject, helper, told, delegates):
    ExchangeRule.objects.update(delegation=delegates)
    if isinstance(told, dict) and "sub" in told:
        told = {**told, "sub": told["sub"].replace("{client}", desk.client_id)}
    restricted = signed(subject, may_act=told)

    assert error_of(exchange(desk, restricted)) == "invalid_request"
    assert error_of(acted(desk, restricted, helper)) == "invalid_request"


def test_b9_may_act_holds_for_the_new_token_too(desk, rule, subject):
    told = {"sub": desk.client_id}

    answer = exchange(desk, signed(subject, may_act=told)).json()

    assert flow.said_by(answer["access_token"])["may_act"] == told


def test_introspection_tells_who_acts(desk, rule, subject):
    token = exchange(desk, subject).json()["access_token"]

    told = flow.post_as(desk, "/oauth/introspect", {"token": token}).json()

    assert told["act"] == {"sub": desk.client_id}


# --- types of tokens ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [ACCESS_TOKEN, JWT])
def test_a_token_of_ours_is_an_access_token_and_a_jwt(desk, rule, subject, kind):
    answer = exchange(desk, subject, subject_token_type=kind, requested_token_type=kind).json()

    assert answer["issued_token_type"] == kind
    assert answer["token_type"] == "Bearer"


def test_b9_an_opaque_token_is_subject_actor_and_result_but_no_jwt(
    desk, rule, subject, confidential_client, signed_in_browser, other_person
):
    for client in (desk, confidential_client):
        client.revocation_policy = Client.RevocationPolicy.OPAQUE
        client.save()
    alice = flow.sign_in_tokens(signed_in_browser, confidential_client, resource=API)
    browser = flow.Browser()
    browser.force_login(other_person)
    bob = flow.sign_in_tokens(browser, desk)

    answer = acted(desk, alice["access_token"], bob["access_token"])

    token = answer.json()["access_token"]
    told = flow.post_as(desk, "/oauth/introspect", {"token": token}).json()
    assert told["sub"] == flow.said_by(subject)["sub"]
    assert told["act"]["sub"] == flow.said_by(bob["id_token"])["sub"]
    assert error_of(exchange(desk, subject, requested_token_type=JWT)) == "invalid_request"
    flow.post_as(confidential_client, flow.REVOKE, {"token": alice["access_token"]})
    assert error_of(exchange(desk, alice["access_token"])) == "invalid_request"


def test_b9_an_id_token_is_no_subject_whatever_it_is_called(
    desk, rule, signed_in_browser, confidential_client
):
    token = flow.sign_in_tokens(signed_in_browser, confidential_client)["id_token"]

    for kind in (ACCESS_TOKEN, JWT, "urn:ietf:params:oauth:token-type:id_token"):
        assert error_of(exchange(desk, token, subject_token_type=kind)) == "invalid_request"


def test_audience_and_resource_name_one_target(desk, rule, subject):
    both = exchange(desk, subject, resource=NEXT)
    alone = exchange(desk, subject, resource=NEXT, audience="")
    assert both.status_code == alone.status_code == 200

    for params in ({"resource": API}, {"resource": [NEXT, API]}, {"audience": ""}):
        assert error_of(exchange(desk, subject, **params)) == "invalid_target"


# --- never more than was brought ------------------------------------------------------------------

SCOPES = ["openid", "api:read", "api:write", "api:delete"]
some_scopes = st.lists(st.sampled_from(SCOPES), unique=True)


@given(
    held=some_scopes,
    allowed=some_scopes,
    asked=some_scopes,
    seconds=st.tuples(*[st.integers(1, 5000)] * 4),
)
@settings(max_examples=200)
def test_b9_no_exchange_whatsoever_gives_more_than_subject_rule_and_client_have(
    held, allowed, asked, seconds
):
    rule = ExchangeRule(scopes=allowed, lifetime=seconds[0])
    other = ExchangeRule(scopes=["openid", "api:read", "api:write"], lifetime=9999)
    client = Client(access_token_lifetime=seconds[1])
    now = int(time.time())
    subject = {"scope": " ".join(held), "exp": now + seconds[2]}
    actor = {"exp": now + seconds[3]}

    lifetime = token_exchange.lifetime_for(client, [rule, other], subject, actor)
    assert lifetime <= min(seconds)
    try:
        granted = token_exchange.scopes_for(" ".join(asked), subject, [rule, other], client)
    except InvalidScopeError:
        return
    assert granted
    assert set(granted) <= set(held) & set(allowed) - {"openid", "api:delete"}
    assert set(granted) <= set(asked or granted)


@given(depth=st.integers(0, 12), delegates=st.booleans())
def test_b9_no_chain_is_longer_than_the_bound_and_none_loses_a_name(depth, delegates):
    subject = {"iss": "us"}
    for name in range(depth):
        earlier = {"act": subject["act"]} if "act" in subject else {}
        subject = {"iss": "us", "act": {"sub": str(name), **earlier}}
    rule, client = ExchangeRule(delegation=delegates), Client(client_id="c")

    try:
        act = delegation.act_for(client, subject, None, rule)
    except delegation.ActorRefused:
        assert delegates
        assert depth >= delegation.MAX_ACTORS
        return
    names = []
    while delegates and act:
        names.append(act["sub"])
        act = act.get("act")
    assert names == (["c", *map(str, reversed(range(depth)))] if delegates else [])
