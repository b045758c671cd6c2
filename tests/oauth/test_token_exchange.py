"""Token exchange (RFC 8693; SECURITY B9)."""

import time

import pytest
from django.urls import reverse

from oauth.models import ExchangeRule
from ostiary.models import Event
from tests.oauth import flow
from tests.oauth.conftest import API, make_client, make_person
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
NEXT = "https://next.example/"


@pytest.fixture
def api(db):
    """An API that calls another one."""
    return make_client(name="Api", client_type="confidential", grant_types=[GRANT_TYPE])


@pytest.fixture
def rule(api):
    """It may exchange what it was called with for a token of the next API."""
    return ExchangeRule.objects.create(
        client=api, subject_audience=API, target_audience=NEXT, scopes=["api:read"]
    )


@pytest.fixture
def subject(signed_in_browser, confidential_client):
    """The token that the API was called with."""
    return flow.sign_in_tokens(signed_in_browser, confidential_client, resource=API)


def exchange(client, token, **overrides):
    params = {
        "grant_type": GRANT_TYPE,
        "subject_token": token,
        "subject_token_type": ACCESS_TOKEN,
        "audience": NEXT,
        **overrides,
    }
    return flow.post_token(client, **{name: value for name, value in params.items() if value})


def error_of(answer):
    assert answer.status_code == 400, answer.content
    return answer.json()["error"]


def test_b9_the_new_token_is_for_the_target_alone_and_names_who_acts(api, rule, subject):
    answer = exchange(api, subject["access_token"]).json()

    before, after = flow.said_by(subject["access_token"]), flow.said_by(answer["access_token"])
    assert answer["issued_token_type"] == ACCESS_TOKEN
    assert answer["token_type"] == "Bearer"
    assert after["aud"] == NEXT
    assert after["scope"] == answer["scope"] == "api:read"
    assert after["client_id"] == api.client_id
    assert after["act"] == {"sub": api.client_id}
    for name in ("sub", "gid", "acr", "amr", "auth_time"):
        assert after[name] == before[name]
    assert "refresh_token" not in answer


def test_b9_the_act_chain_is_recorded(api, rule, subject):
    second = make_client(name="Next", client_type="confidential", grant_types=[GRANT_TYPE])
    ExchangeRule.objects.create(
        client=second, subject_audience=NEXT, target_audience=API, scopes=["api:read"]
    )
    first = exchange(api, subject["access_token"]).json()["access_token"]

    last = exchange(second, first, audience=API).json()["access_token"]

    act = {"sub": second.client_id, "act": {"sub": api.client_id}}
    assert flow.said_by(last)["act"] == act


def test_a_rule_without_delegation_names_nobody(api, rule, subject):
    ExchangeRule.objects.update(delegation=False)

    token = exchange(api, subject["access_token"]).json()["access_token"]

    assert "act" not in flow.said_by(token)


def test_b9_the_result_never_lives_longer_than_rule_or_subject(api, rule, subject):
    assert exchange(api, subject["access_token"]).json()["expires_in"] == rule.lifetime
    ExchangeRule.objects.update(lifetime=10**6)
    api.access_token_lifetime = 10**6
    api.save()

    answer = exchange(api, subject["access_token"]).json()

    last = flow.said_by(subject["access_token"])["exp"]
    assert flow.said_by(answer["access_token"])["exp"] <= last
    assert answer["expires_in"] <= last - time.time() + 1


@pytest.mark.parametrize("scope", ["openid", "api:write", "openid api:write"])
def test_b9_the_result_is_never_broader(api, rule, subject, scope):
    assert error_of(exchange(api, subject["access_token"], scope=scope)) == "invalid_scope"

    answer = exchange(api, subject["access_token"], scope=f"{scope} api:read").json()

    assert answer["scope"] == flow.said_by(answer["access_token"])["scope"] == "api:read"


def test_b9_a_rule_gives_no_scope_that_the_subject_token_lacks(
    api, rule, signed_in_browser, confidential_client
):
    tokens = flow.sign_in_tokens(
        signed_in_browser, confidential_client, resource=API, scope="openid"
    )

    assert error_of(exchange(api, tokens["access_token"])) == "invalid_scope"


@pytest.mark.parametrize("target", ["https://other.example/", "", API])
def test_b9_no_other_target(api, rule, subject, target):
    assert error_of(exchange(api, subject["access_token"], audience=target)) == "invalid_target"


def test_b9_no_token_of_another_audience(api, rule, signed_in_browser, confidential_client):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    assert error_of(exchange(api, tokens["access_token"])) == "invalid_target"


def test_another_clients_rule_helps_nobody(rule, subject):
    other = make_client(name="Other", client_type="confidential", grant_types=[GRANT_TYPE])

    assert error_of(exchange(other, subject["access_token"])) == "invalid_target"


def test_a_client_without_the_grant_type_is_refused(rule, subject, service_client):
    assert error_of(exchange(service_client, subject["access_token"])) == "unauthorized_client"


def test_a_public_client_is_refused(rule, subject):
    public = make_client(name="Public", client_type="public", grant_types=[GRANT_TYPE])

    assert error_of(exchange(public, subject["access_token"])) == "unauthorized_client"


def test_only_access_tokens_of_ours_are_taken(api, rule, subject):
    for token in ("x", subject["id_token"], subject["access_token"] + "x", "a.b.c"):
        assert error_of(exchange(api, token)) == "invalid_request"


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject_token": ""},
        {"subject_token_type": ""},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:id_token"},
        {"actor_token": "x"},
        {"actor_token": "x", "actor_token_type": ACCESS_TOKEN},
        {"actor_token_type": ACCESS_TOKEN},
    ],
)
def test_what_is_missing_or_not_supported_is_told(api, rule, subject, wrong):
    token = subject["access_token"]

    assert error_of(exchange(api, token, **wrong)) == "invalid_request"


def test_a_revoked_grant_gives_nothing_more(api, rule, subject, confidential_client):
    flow.post_as(confidential_client, flow.REVOKE, {"token": subject["refresh_token"]})

    assert error_of(exchange(api, subject["access_token"])) == "invalid_request"


def test_a_services_token_is_exchanged_until_the_service_is_switched_off(api, rule, service_client):
    token = flow.post_token(service_client, grant_type="client_credentials").json()["access_token"]
    answer = exchange(api, token).json()
    assert flow.said_by(answer["access_token"])["sub"] == service_client.client_id
    service_client.enabled = False
    service_client.save()

    assert error_of(exchange(api, token)) == "invalid_request"


def test_an_exchange_takes_four_statements(api, rule, subject, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        assert exchange(api, subject["access_token"]).status_code == 200


def test_every_change_of_a_rule_is_told(api):
    admin = make_person("operator@example.com", is_staff=True, is_superuser=True)
    browser = desk_of(admin)
    answer = browser.post(
        reverse("admin:ostiary_oauth_exchangerule_add"),
        {
            "client": api.pk,
            "subject_audience": API,
            "target_audience": NEXT,
            "scopes": ["api:read"],
            "lifetime": 60,
        },
    )
    assert answer.status_code == 302, answer.content
    rule = ExchangeRule.objects.get()
    browser.post(
        reverse("admin:ostiary_oauth_exchangerule_delete", args=[rule.pk]), {"post": "yes"}
    )

    kinds = Event.objects.filter(kind__startswith="exchange_rule").order_by("pk")
    assert [event.kind for event in kinds] == ["exchange_rule.changed", "exchange_rule.deleted"]
