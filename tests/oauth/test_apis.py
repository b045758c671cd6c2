"""Registered APIs: their scopes, their terms, and one token for one of them (RFC 8707)."""

import json
from urllib.parse import urlencode

import pytest
from django.core.exceptions import ValidationError
from django.test import Client as Browser

from oauth import apis
from oauth.models import Api
from ostiary.models import Event
from tests.oauth import flow
from tests.oauth.conftest import API, make_client, make_person
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

ORDERS = "https://orders.example/"
STOCK = "https://stock.example/"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def make_api(identifier, name, scopes, **fields):
    api = Api(identifier=identifier, name=name, scopes=scopes, **fields)
    api.full_clean()
    api.save()
    return api


@pytest.fixture
def orders(db):
    return make_api(ORDERS, "Orders", {"orders:read": "See your orders"})


@pytest.fixture
def stock(db):
    return make_api(STOCK, "Stock", {"stock:read": "See what is in stock"})


@pytest.fixture
def shop(orders, stock):
    """A web application that may ask both APIs, and get one token for them."""
    return make_client(
        name="Shop",
        client_type="confidential",
        redirect_uris="https://rp.example/callback",
        grant_types=["authorization_code", "refresh_token", "client_credentials", DEVICE],
        scopes=["openid", "orders:read", "stock:read"],
        audiences=[ORDERS, STOCK],
        metadata={"multiple_audiences": True},
    )


@pytest.fixture
def single(shop):
    """The same, one token for one API."""
    shop.metadata = {}
    shop.save()
    return shop


def ask(browser, client, **overrides):
    """The answer or page of an authorization request with any number of resources."""
    resources = overrides.pop("resources", [])
    params = flow.authorization_params(client, flow.new_verifier(), **overrides)
    query = urlencode([*params.items(), *(("resource", uri) for uri in resources)])
    return browser.get(f"{flow.AUTHORIZE}?{query}")


def code_for_both(browser, client):
    verifier = flow.new_verifier()
    page = ask(
        browser, client, resources=[ORDERS, STOCK], code_challenge=flow.pkce.challenge_of(verifier)
    )
    return flow.answer_of(flow.allow(browser, page))["code"], verifier


def audience(token):
    return flow.said_by(token)["aud"]


# --- scopes ---------------------------------------------------------------------------------------


def test_a_scope_of_an_api_is_had_only_with_that_api(signed_in_browser, single):
    for resources in ([], [STOCK]):
        answer = ask(signed_in_browser, single, scope="orders:read", resources=resources)
        assert flow.answer_of(answer)["error"] == "invalid_scope"
        page = ask(signed_in_browser, single, scope="openid orders:read", resources=resources)
        assert "See your orders" not in page.content.decode()

    page = ask(signed_in_browser, single, scope="openid orders:read", resources=[ORDERS])
    assert page.status_code == 200


def test_the_consent_page_names_the_api_and_says_its_scopes_in_words(signed_in_browser, single):
    page = ask(signed_in_browser, single, scope="orders:read", resources=[ORDERS])

    said = page.content.decode()
    assert "Orders" in said
    assert ORDERS in said
    assert "See your orders" in said


def test_two_apis_put_the_same_scope_each_in_its_words(signed_in_browser, single):
    Api.objects.filter(identifier=ORDERS).update(scopes={"read": "Read orders"})
    Api.objects.filter(identifier=STOCK).update(scopes={"read": "Count stock"})
    apis.forget()
    single.scopes = ["read"]
    single.save()

    page = ask(signed_in_browser, single, scope="read", resources=[STOCK])

    assert "Count stock" in page.content.decode()
    assert "Read orders" not in page.content.decode()


def test_a_service_gets_the_scopes_of_the_api_it_names(single):
    for resource, scope in ((ORDERS, "orders:read"), (STOCK, "stock:read")):
        answer = flow.post_token(single, grant_type="client_credentials", resource=resource).json()
        assert answer["scope"] == scope
        assert audience(answer["access_token"]) == resource

    refused = flow.post_token(
        single, grant_type="client_credentials", resource=STOCK, scope="orders:read"
    )
    assert refused.json()["error"] == "invalid_scope"


def test_a_resource_that_is_not_registered_works_as_the_client_lists_it(single):
    single.audiences = [API]
    single.scopes = ["api:read"]
    single.save()

    answer = flow.post_token(single, grant_type="client_credentials", resource=API).json()

    assert audience(answer["access_token"]) == API


def test_a_disabled_api_gets_no_token(signed_in_browser, single, orders):
    tokens = code_for(signed_in_browser, single, ORDERS)
    orders.enabled = False
    orders.save()

    answers = [
        flow.post_token(single, grant_type="client_credentials", resource=ORDERS),
        flow.refresh(single, tokens["refresh_token"]),
    ]

    assert {answer.json()["error"] for answer in answers} == {"invalid_target"}
    page = ask(signed_in_browser, single, scope="openid", resources=[ORDERS])
    assert flow.answer_of(page)["error"] == "invalid_target"


def code_for(browser, client, resource):
    return flow.sign_in_tokens(browser, client, scope="openid orders:read", resource=resource)


def test_discovery_tells_the_scopes_of_apis_that_are_on(orders, stock):
    stock.enabled = False
    stock.save()

    told = Browser().get("/.well-known/oauth-authorization-server").json()["scopes_supported"]

    assert "orders:read" in told
    assert "stock:read" not in told


# --- terms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("of_api", "expected"), [(60, 60), (5000, 900), (None, 900)])
def test_the_shorter_lifetime_counts(single, orders, of_api, expected):
    orders.access_token_lifetime = of_api
    orders.save()

    answer = flow.post_token(single, grant_type="client_credentials", resource=ORDERS).json()

    claims = flow.said_by(answer["access_token"])
    assert answer["expires_in"] == claims["exp"] - claims["iat"] == expected


def test_an_api_may_want_another_algorithm(single, orders):
    orders.access_token_signing_alg = "EdDSA"
    orders.save()

    token = flow.post_token(single, grant_type="client_credentials", resource=ORDERS).json()

    header = flow.jwt.get_unverified_header(token["access_token"])
    assert header["alg"] == "EdDSA"


@pytest.mark.parametrize(
    "fields",
    [
        {"identifier": "orders"},
        {"identifier": "https://x.example/#a"},
        {"scopes": ["orders:read"]},
        {"scopes": {"openid": "Everything"}},
        {"scopes": {"a b": "Words"}},
        {"scopes": {"x": ""}},
        {"scopes": {"x": 1}},
        {"scopes": {"é": "Words"}},
        {"access_token_lifetime": 0},
    ],
)
def test_an_api_that_no_token_could_be_for_is_refused(fields):
    with pytest.raises(ValidationError) as refused:
        Api(**{"identifier": ORDERS, "name": "Orders", **fields}).full_clean()

    assert set(refused.value.message_dict) == set(fields)


# --- one token, one audience (RFC 8707 §2.2, §3) --------------------------------------------------


def test_one_token_is_for_one_api_unless_the_client_may_have_more(signed_in_browser, single):
    both = {"grant_type": "client_credentials", "resource": [ORDERS, STOCK]}
    answer = ask(signed_in_browser, single, resources=[ORDERS, STOCK])

    assert flow.answer_of(answer)["error"] == "invalid_target"
    assert flow.post_token(single, **both).json()["error"] == "invalid_target"


def test_a_client_that_may_gets_one_token_for_several(signed_in_browser, shop):
    code, verifier = code_for_both(signed_in_browser, shop)

    answer = flow.redeem(shop, code, verifier).json()

    assert set(audience(answer["access_token"])) >= {ORDERS, STOCK}
    assert answer["scope"] == "openid orders:read stock:read"


def test_the_token_request_narrows_to_one_of_the_granted(signed_in_browser, shop):
    code, verifier = code_for_both(signed_in_browser, shop)

    first = flow.redeem(shop, code, verifier, resource=ORDERS).json()
    second = flow.refresh(shop, first["refresh_token"], resource=STOCK).json()
    third = flow.refresh(shop, second["refresh_token"]).json()

    assert STOCK not in audience(first["access_token"])
    assert first["scope"] == "openid orders:read"
    assert ORDERS not in audience(second["access_token"])
    assert second["scope"] == "openid stock:read"
    assert set(audience(third["access_token"])) >= {ORDERS, STOCK}


def test_a_token_request_never_widens(signed_in_browser, shop):
    tokens = code_for(signed_in_browser, shop, ORDERS)

    for resource in (STOCK, [ORDERS, STOCK], "https://other.example/"):
        answer = flow.refresh(shop, tokens["refresh_token"], resource=resource)
        assert answer.json()["error"] == "invalid_target"


def test_a_client_that_loses_the_right_gets_a_token_for_one(signed_in_browser, shop):
    code, verifier = code_for_both(signed_in_browser, shop)
    shop.metadata = {}
    shop.save()

    assert flow.redeem(shop, code, verifier).json()["error"] == "invalid_target"
    assert flow.redeem(shop, code, verifier, resource=STOCK).status_code == 200


def test_a_code_narrowed_to_an_api_without_any_of_its_scopes_is_not_spent(signed_in_browser, shop):
    verifier = flow.new_verifier()
    page = ask(
        signed_in_browser,
        shop,
        scope="orders:read",
        resources=[ORDERS, STOCK],
        code_challenge=flow.pkce.challenge_of(verifier),
    )
    code = flow.answer_of(flow.allow(signed_in_browser, page))["code"]

    assert flow.redeem(shop, code, verifier, resource=STOCK).json()["error"] == "invalid_scope"
    assert flow.redeem(shop, code, verifier, resource=ORDERS).status_code == 200


def test_too_many_resources_are_an_invalid_target(signed_in_browser, shop):
    shop.audiences = [f"https://{'x' * 50}{number}.example/" for number in range(20)]
    shop.save()

    answer = ask(signed_in_browser, shop, scope="openid", resources=shop.audiences)

    assert flow.answer_of(answer)["error"] == "invalid_target"


def test_a_device_gets_a_token_for_the_api_it_asked_for(signed_in_browser, shop):
    begun = flow.post_as(
        shop, "/oauth/device_authorization", {"scope": "orders:read", "resource": ORDERS}
    ).json()
    page = signed_in_browser.get("/oauth/device", {"user_code": begun["user_code"]})
    assert "See your orders" in page.content.decode()
    sent = {"user_code": begun["user_code"], "decision": "allow", "page": flow.page_of(page)}
    signed_in_browser.post("/oauth/device", sent)

    answer = flow.post_token(shop, grant_type=DEVICE, device_code=begun["device_code"]).json()

    assert audience(answer["access_token"]) == ORDERS


# --- in every process, and in the admin -----------------------------------------------------------


def test_a_change_made_elsewhere_holds_after_the_recheck(orders, monkeypatch):
    assert apis.name(ORDERS) == "Orders"
    Api.objects.filter(pk=orders.pk).update(name="Purchases")
    assert apis.name(ORDERS) == "Orders"

    later = apis.time.monotonic() + apis.RECHECK_SECONDS
    monkeypatch.setattr(apis.time, "monotonic", lambda: later)

    assert apis.name(ORDERS) == "Purchases"


def test_known_apis_cost_no_statement(orders, django_assert_num_queries):
    apis.registered()

    with django_assert_num_queries(0):
        apis.usable(["orders:read"], [ORDERS])


def test_an_operator_registers_changes_and_deletes_an_api_and_the_log_tells():
    browser = desk_of(make_person("operator@example.com", is_staff=True, is_superuser=True))
    form = {
        "name": "Orders",
        "identifier": ORDERS,
        "enabled": "on",
        "scopes": "orders:read See your orders\norders:write Place orders for you\n",
    }
    page = "/admin/ostiary_oauth/api/"

    assert browser.post(f"{page}add/", form).status_code == 302
    api = Api.objects.get()
    assert api.scopes == {
        "orders:read": "See your orders",
        "orders:write": "Place orders for you",
    }
    changed = {**form, "scopes": "orders:read See your orders", "revocation_policy": ""}
    assert browser.post(f"{page}{api.pk}/change/", changed).status_code == 302
    twice = {**form, "scopes": "a b\na c"}
    assert browser.post(f"{page}{api.pk}/change/", twice).status_code == 200
    assert browser.post(f"{page}{api.pk}/delete/", {"post": "yes"}).status_code == 302

    told = list(Event.objects.filter(kind__startswith="api.").order_by("pk"))
    assert [event.kind for event in told] == ["api.changed", "api.changed", "api.deleted"]
    assert ORDERS in json.dumps(told[0].details)
    assert set(told[1].details) == {"api", "scopes"}
