"""Every grant and every credential of what has been switched off is refused at the next request
(SECURITY H6)."""

import pytest

from oauth import device_authorization
from oauth.models import Client, ExchangeRule
from oauth.models.trust_rule import JWT_BEARER, TOKEN_EXCHANGE
from tests.oauth import flow
from tests.oauth.conftest import API, make_client
from tests.oauth.outside import platform
from tests.oauth.test_revocation_policies import is_active, own_token, with_policy
from tests.oauth.test_token_exchange import GRANT_TYPE, NEXT, exchange
from tests.oauth.test_workload import bearer, make_rule
from tests.oauth.test_workload import exchange as exchange_outside

pytestmark = pytest.mark.django_db


def inactive(person, client):
    person.is_active = False
    person.save()


def deleted(person, client):
    person.delete()


def client_disabled(person, client):
    Client.objects.filter(pk=client.pk).update(enabled=False)


def client_deleted(person, client):
    Client.objects.filter(pk=client.pk).delete()


WAYS = [inactive, deleted, client_disabled, client_deleted]


@pytest.fixture(params=["confidential", "public"])
def client_of_a_person(request, confidential_client, public_client):
    return {"confidential": confidential_client, "public": public_client}[request.param]


@pytest.mark.parametrize("switch_off", WAYS)
def test_a_code_is_refused(signed_in_browser, client_of_a_person, person, switch_off):
    code, verifier = flow.obtain_code(signed_in_browser, client_of_a_person)

    switch_off(person, client_of_a_person)

    refused = flow.redeem(client_of_a_person, code, verifier)
    assert refused.json()["error"] in ("invalid_grant", "invalid_client")


@pytest.mark.parametrize("offline", [True, False])
@pytest.mark.parametrize("switch_off", WAYS)
def test_a_refresh_token_is_refused(
    signed_in_browser, client_of_a_person, person, switch_off, offline
):
    scope = "openid offline_access" if offline else "openid"
    tokens = flow.sign_in_tokens(signed_in_browser, client_of_a_person, scope=scope)

    switch_off(person, client_of_a_person)

    refused = flow.refresh(client_of_a_person, tokens["refresh_token"])
    assert refused.json()["error"] in ("invalid_grant", "invalid_client")


@pytest.mark.parametrize("switch_off", WAYS)
def test_an_access_token_is_refused_here(signed_in_browser, client_of_a_person, person, switch_off):
    tokens = flow.sign_in_tokens(signed_in_browser, client_of_a_person)
    assert flow.userinfo(tokens["access_token"]).status_code == 200

    switch_off(person, client_of_a_person)

    assert flow.userinfo(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize("switch_off", WAYS)
def test_no_new_code_is_given(signed_in_browser, client_of_a_person, person, switch_off):
    flow.obtain_code(signed_in_browser, client_of_a_person)

    switch_off(person, client_of_a_person)

    response = flow.authorize(signed_in_browser, client_of_a_person)
    assert response.status_code == 400 or response["Location"].startswith("/signin/?")


@pytest.mark.parametrize("switch_off", WAYS)
def test_a_consent_page_that_is_still_open_gives_no_code(
    signed_in_browser, client_of_a_person, person, switch_off
):
    page = flow.authorize(signed_in_browser, client_of_a_person)

    switch_off(person, client_of_a_person)

    response = flow.allow(signed_in_browser, page)
    assert response.status_code == 400 or response["Location"].startswith("/signin/?")


@pytest.mark.parametrize("switch_off", WAYS)
def test_a_device_that_was_allowed_is_refused(signed_in_browser, person, switch_off):
    television = make_client(
        name="Television",
        client_type="public",
        grant_types=[device_authorization.GRANT_TYPE],
        scopes=["openid"],
    )
    started = flow.post_as(television, "/oauth/device_authorization", {"scope": "openid"}).json()
    page = signed_in_browser.get(started["verification_uri_complete"])
    flow.allow(signed_in_browser, page)

    switch_off(person, television)

    refused = flow.post_token(
        television,
        grant_type=device_authorization.GRANT_TYPE,
        device_code=started["device_code"],
    )
    assert refused.status_code in (400, 401)
    assert "access_token" not in refused.json()


@pytest.mark.parametrize("switch_off", [client_disabled, client_deleted])
def test_a_service_is_refused(service_client, switch_off):
    assert flow.post_token(service_client, grant_type="client_credentials").status_code == 200

    switch_off(None, service_client)

    refused = flow.post_token(service_client, grant_type="client_credentials")
    assert refused.json()["error"] == "invalid_client"


@pytest.mark.parametrize("switch_off", WAYS)
def test_a_token_to_exchange_is_refused(signed_in_browser, confidential_client, person, switch_off):
    api = make_client(name="Api", client_type="confidential", grant_types=[GRANT_TYPE])
    ExchangeRule.objects.create(
        client=api, subject_audience=API, target_audience=NEXT, scopes=["api:read"]
    )
    token = flow.sign_in_tokens(signed_in_browser, confidential_client, resource=API)
    assert exchange(api, token["access_token"]).status_code == 200

    switch_off(person, confidential_client)

    assert exchange(api, token["access_token"]).json()["error"] == "invalid_request"


POLICIES = Client.RevocationPolicy.values


@pytest.fixture
def api(db):
    """An API that may introspect tokens for it, and exchange them."""
    client = make_client(
        name="API", client_type="confidential", grant_types=[GRANT_TYPE], serves=[API, NEXT]
    )
    ExchangeRule.objects.create(
        client=client, subject_audience=API, target_audience=NEXT, scopes=["api:read"]
    )
    return client


@pytest.fixture
def watcher(db):
    """Whom both APIs ask."""
    return make_client(
        name="Watcher",
        client_type="confidential",
        grant_types=["client_credentials"],
        serves=[API, NEXT],
    )


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("switch_off", WAYS)
def test_what_a_person_gave_is_inactive_to_an_api_before_and_after_an_exchange(
    signed_in_browser, confidential_client, person, api, watcher, switch_off, policy
):
    with_policy(confidential_client, policy)
    with_policy(api, policy)
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, resource=API)
    exchanged = exchange(api, tokens["access_token"]).json()["access_token"]
    assert is_active(watcher, tokens["access_token"])
    assert is_active(watcher, exchanged)
    assert is_active(confidential_client, tokens["refresh_token"])

    switch_off(person, confidential_client)

    assert not is_active(watcher, tokens["access_token"])
    assert not is_active(watcher, exchanged)
    assert flow.refresh(confidential_client, tokens["refresh_token"]).status_code in (400, 401)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("switch_off", [client_disabled, client_deleted])
@pytest.mark.parametrize("whose", ["service", "exchanger"])
def test_what_a_service_got_for_itself_is_inactive_before_and_after_an_exchange(
    service_client, api, watcher, switch_off, policy, whose
):
    with_policy(service_client, policy)
    with_policy(api, policy)
    token = own_token(service_client)
    exchanged = exchange(api, token).json()["access_token"]
    assert is_active(watcher, exchanged)

    switch_off(None, service_client if whose == "service" else api)

    assert is_active(watcher, token) is (whose == "exchanger")
    assert not is_active(watcher, exchanged)
    if whose == "service":
        assert exchange(api, token).json()["error"] == "invalid_request"
    else:
        assert exchange(api, token).json()["error"] == "invalid_client"


@pytest.mark.parametrize("switch_off", [client_disabled, client_deleted])
@pytest.mark.parametrize(
    ("way", "error"), [(bearer, "invalid_grant"), (exchange_outside, "invalid_request")]
)
def test_a_workload_is_refused_and_what_it_got_is_inactive(watcher, switch_off, way, error):
    deployer = make_client(
        name="Deployer",
        client_type="confidential",
        grant_types=[JWT_BEARER, TOKEN_EXCHANGE],
        scopes=["api:read"],
        audiences=[API],
    )
    with platform() as github:
        make_rule(github, deployer)
        given = way(github.token()).json()["access_token"]
        assert is_active(watcher, given)

        switch_off(None, deployer)

        assert not is_active(watcher, given)
        assert way(github.token()).json()["error"] in (error, "invalid_client")


@pytest.mark.parametrize("switch_off", [client_disabled, client_deleted])
def test_what_was_pushed_leads_nowhere(signed_in_browser, confidential_client, switch_off):
    pushed = flow.push(confidential_client)

    switch_off(None, confidential_client)

    answer = flow.come(signed_in_browser, confidential_client, pushed)
    assert answer.status_code == 400
    assert "Location" not in answer
    assert flow.push(confidential_client).json()["error"] == "invalid_client"


def test_what_was_switched_on_again_works_again(signed_in_browser, confidential_client, person):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)
    client_disabled(person, confidential_client)
    Client.objects.update(enabled=True)

    assert flow.userinfo(tokens["access_token"]).status_code == 200
