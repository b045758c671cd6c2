"""The hot paths and their number of SQL statements: a promise to whoever runs a busy site."""

from collections import Counter
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from oauth import apis, client_memory, discovery, keys
from oauth.models import ExchangeRule, Grant, RefreshToken
from oauth.models.trust_rule import JWT_BEARER, TOKEN_EXCHANGE
from ostiary import person_at_hand
from tests.oauth import flow, test_device
from tests.oauth.assertions import make_proof, new_key, signed_by
from tests.oauth.conftest import API, make_client
from tests.oauth.outside import platform
from tests.oauth.test_revocation_policies import INTROSPECT
from tests.oauth.test_token_exchange import NEXT, exchange
from tests.oauth.test_workload import bearer, make_rule

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def warm_keys(db):
    """Keys and APIs loaded, as in a process that has served before."""
    keys.keyset()
    apis.registered()


@pytest.fixture
def kept_clients(settings, monkeypatch):
    """Clients are kept in memory, as on the reference site, however slow the machine is; what a
    test changes is known to this process, and there is no other to wait for."""
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "CLIENT_CACHE_SECONDS": 3600}
    monkeypatch.setattr(client_memory._Settling, "__call__", lambda _: client_memory.forget())
    yield
    client_memory.forget()


@pytest.fixture
def tokens(confidential_client, signed_in_browser):
    return flow.sign_in_tokens(signed_in_browser, confidential_client)


def test_client_credentials_reads_the_client_and_writes_nothing(
    service_client, django_assert_max_num_queries
):
    with django_assert_max_num_queries(2):
        answer = flow.post_token(service_client, grant_type="client_credentials")

    assert answer.status_code == 200


@pytest.mark.usefixtures("kept_clients")
def test_client_credentials_of_a_client_in_memory_asks_the_database_nothing(
    service_client, django_assert_num_queries, monkeypatch
):
    for module in (keys, apis):  # however slow the machine is, they stay warm
        monkeypatch.setattr(module, "RECHECK_SECONDS", 3600)
    flow.post_token(service_client, grant_type="client_credentials")

    with django_assert_num_queries(0):
        answer = flow.post_token(service_client, grant_type="client_credentials")

    assert answer.status_code == 200


def test_code_exchange(confidential_client, signed_in_browser, django_assert_max_num_queries):
    code, verifier = flow.obtain_code(signed_in_browser, confidential_client)

    with django_assert_max_num_queries(8):
        answer = flow.post_token(
            confidential_client,
            grant_type="authorization_code",
            code=code,
            redirect_uri="https://rp.example/callback",
            code_verifier=verifier,
        )

    assert answer.status_code == 200


def test_refresh(confidential_client, tokens, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        answer = flow.refresh(confidential_client, tokens["refresh_token"])

    assert answer.status_code == 200


def test_refresh_costs_the_same_at_generation_2_and_at_200(confidential_client, tokens):
    """SECURITY H15: neither statements nor rows grow with the family."""
    token, statements = tokens["refresh_token"], []
    for _ in range(200):
        with CaptureQueriesContext(connection) as queries:
            token = flow.refresh(confidential_client, token).json()["refresh_token"]
        statements.append(len(queries))

    # On a slow machine some of them ask, too, whether keys and APIs are still the same.
    assert min(statements[1:10]) == min(statements[190:])
    assert RefreshToken.objects.get().generation == 200
    assert Grant.objects.count() == 1


def test_userinfo(tokens, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        answer = Browser().get(
            "/oauth/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"}
        )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ],
)
def test_published_documents_cost_nothing_once_warm(path, django_assert_num_queries):
    keys.keyset()

    with django_assert_num_queries(0):
        answer = Browser().get(path)

    assert answer.status_code == 200


def test_authorize_when_signed_in_and_consented(
    confidential_client, signed_in_browser, tokens, django_assert_max_num_queries
):
    with django_assert_max_num_queries(5 if person_at_hand.is_wanted() else 6):
        answer = flow.authorize(signed_in_browser, confidential_client)

    assert answer.status_code == 302
    assert "code=" in answer["Location"]


def test_no_password_is_hashed_on_a_hot_path(
    confidential_client, service_client, tokens, monkeypatch, signed_in_browser
):
    def refuse(*args, **kwargs):
        raise AssertionError("a password was hashed")

    monkeypatch.setattr("django.contrib.auth.hashers.make_password", refuse)
    monkeypatch.setattr("django.contrib.auth.hashers.verify_password", refuse)

    flow.sign_in_tokens(signed_in_browser, confidential_client)
    answer = flow.refresh(confidential_client, tokens["refresh_token"])

    assert answer.status_code == 200
    assert flow.userinfo(tokens["access_token"]).status_code == 200
    assert flow.post_token(service_client, grant_type="client_credentials").status_code == 200


# --- the numbers that are told --------------------------------------------------------------------

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "token-request.md"


def told() -> dict[str, int]:
    """The table of the documentation: what a request costs, by its name."""
    _, _, after = PAGE.read_text().partition("| request | SQL statements |")
    rows = [line.strip("| ").split(" | ") for line in after.partition("\n\n")[0].splitlines()[2:]]
    return {name: int(number) for name, number in rows}


def asked(ask, *args, **kwargs):
    """The answer to a request and how many statements it took; those that only begin and end a
    transaction are not counted."""
    with CaptureQueriesContext(connection) as queries:
        answer = ask(*args, **kwargs)
    said = [query["sql"] for query in queries]
    return answer, sum(not sql.startswith(("BEGIN", "COMMIT")) for sql in said)


def statements_of(ask, *args, **kwargs) -> int:
    """How many statements a request takes that succeeds."""
    answer, number = asked(ask, *args, **kwargs)
    assert answer.status_code in (200, 201, 302)
    return number


def of_people(client, browser) -> dict[str, int]:
    """What signs people in, and tells who they are."""
    code = flow.obtain_code(browser, client, scope="openid")
    offline = flow.obtain_code(browser, client)
    redeemed, for_code = asked(flow.redeem, client, *code)
    tokens = redeemed.json()
    return {
        "authorization, signed in and consented": statements_of(flow.authorize, browser, client),
        "pushed authorization request": statements_of(flow.push, client),
        "code": for_code,
        "code, with offline access": statements_of(flow.redeem, client, *offline),
        "refresh": statements_of(flow.refresh, client, tokens["refresh_token"]),
        "UserInfo": statements_of(flow.userinfo, tokens["access_token"]),
    }


def of_devices(browser) -> dict[str, int]:
    """What a device asks for again and again, and then gets."""
    television = make_client(
        name="Television",
        client_type="public",
        grant_types=[test_device.GRANT_TYPE, "refresh_token"],
        scopes=["openid"],
    )
    started = test_device.start(television, scope="openid")
    pending, while_pending = asked(test_device.poll, television, started)
    assert test_device.error_of(pending) == "authorization_pending"
    test_device.decide(browser, started["user_code"], "allow")
    return {
        "device code, while the person decides": while_pending,
        "device code": statements_of(test_device.poll, television, started),
    }


def of_services(client) -> dict[str, int]:
    """What a service asks for itself."""
    found = {}
    for policy in ("short_lived", "blocklist", "opaque"):
        client.revocation_policy = policy
        client.save()
        ask = {"grant_type": "client_credentials"}
        for _ in range(2):  # the first token on the blocklist makes a list, the next one reads it
            flow.post_token(client, **ask)
        found[policy] = statements_of(flow.post_token, client, **ask)
    return {
        "client credentials": found["short_lived"],
        "client credentials, policy `blocklist`": found["blocklist"],
        "client credentials, policy `opaque`": found["opaque"],
    }


def of_single_use(signing, service) -> dict[str, int]:
    """What brings something that may be used once."""
    form = {"grant_type": "client_credentials"}
    secret = flow.basic(service.client_id, service.raw_secret)

    def by_assertion():
        return flow.post_form(flow.TOKEN, {**form, **signed_by(signing)})

    def with_proof():
        return flow.post_form(flow.TOKEN, form, secret, dpop=make_proof(new_key()))

    by_assertion(), with_proof()
    signed = "client credentials, by a signed assertion (`private_key_jwt`, `client_secret_jwt`)"
    return {
        signed: statements_of(by_assertion),
        "client credentials, with a DPoP proof": statements_of(with_proof),
    }


def of_apis(client, browser) -> dict[str, int]:
    """What an API asks about a person's token, and to call the next API."""
    api = make_client(
        name="API", client_type="confidential", grant_types=[TOKEN_EXCHANGE], serves=[API]
    )
    ExchangeRule.objects.create(
        client=api, subject_audience=API, target_audience=NEXT, scopes=["api:read"]
    )
    introspection, exchanged = {}, {}
    for policy in ("short_lived", "blocklist", "opaque"):
        client.revocation_policy = policy
        client.save()
        token = flow.sign_in_tokens(browser, client, resource=API)["access_token"]
        sent = {"token": token}
        flow.post_as(api, INTROSPECT, sent)  # from then on the API is known, too
        introspection[policy] = statements_of(flow.post_as, api, INTROSPECT, sent)
        exchanged[policy] = statements_of(exchange, api, token)
    return {
        "introspection": introspection["short_lived"],
        "introspection, policy `blocklist`": introspection["blocklist"],
        "introspection, policy `opaque`": introspection["opaque"],
        "token exchange": exchanged["short_lived"],
    }


def of_workloads() -> dict[str, int]:
    """What a job asks by a token of its own platform."""
    deployer = make_client(
        name="Deployer",
        client_type="confidential",
        grant_types=[JWT_BEARER],
        scopes=["api:read"],
        audiences=[API],
    )
    with platform() as github:
        make_rule(github, deployer, uses=["jwt_bearer"])
        assert bearer(github.token()).status_code == 200  # which fetches the keys
        return {"JWT bearer": statements_of(bearer, github.token())}


@pytest.mark.usefixtures("kept_clients")
def test_the_table_of_the_documentation_is_true(
    confidential_client,
    service_client,
    signing_client,
    signed_in_browser,
    tokens,
    monkeypatch,
    settings,
):
    for module in (keys, apis):  # however slow the machine is, they stay warm
        monkeypatch.setattr(module, "RECHECK_SECONDS", 3600)
    promised = told()
    if settings.REDIS_URL:  # where sessions are read from the cache
        promised["authorization, signed in and consented"] -= 1
    if not person_at_hand.is_wanted():  # another user model, whose people are read by themselves
        promised["authorization, signed in and consented"] += 1
    if connection.vendor != "postgresql":  # which redeems a code and starts its family in one
        for what in ("code", "code, with offline access", "device code"):
            promised[what] += 1
    assert promised == {
        **of_people(confidential_client, signed_in_browser),
        **of_devices(signed_in_browser),
        **of_single_use(signing_client, service_client),
        **of_services(service_client),
        **of_workloads(),
        **of_apis(confidential_client, signed_in_browser),
    }


@pytest.mark.parametrize(
    ("names", "most"),
    [
        (["client credentials"], 0),
        (["code", "code, with offline access", "device code", "refresh"], 4),
        (["UserInfo", "introspection"], 1),
        (["authorization, signed in and consented"], 4),
        (["device code, while the person decides", "pushed authorization request"], 2),
        (["token exchange", "JWT bearer"], 2),
    ],
)
def test_what_is_told_is_within_what_was_promised(names, most):
    assert max(told()[name] for name in names) <= most


# --- signatures -----------------------------------------------------------------------------------


@pytest.fixture
def signatures(monkeypatch):
    """How many signatures were made and verified since it was last asked."""
    counted = Counter()

    def count(algorithm, what):
        original = getattr(algorithm, what)

        def counting(*args):
            counted[what] += 1
            return original(*args)

        monkeypatch.setattr(algorithm, what, counting)

    for algorithm in (ECAlgorithm, RSAAlgorithm):
        for what in ("sign", "verify"):
            count(algorithm, what)

    def since() -> tuple[int, int]:
        found = counted["sign"], counted["verify"]
        counted.clear()
        return found

    return since


def test_each_token_is_signed_once_and_verified_at_most_once(
    confidential_client, service_client, signed_in_browser, signatures
):
    code = flow.obtain_code(signed_in_browser, confidential_client)
    assert signatures() == (0, 0)

    tokens = flow.redeem(confidential_client, *code).json()
    assert signatures() == (2, 0)
    tokens = flow.refresh(confidential_client, tokens["refresh_token"]).json()
    assert signatures() == (2, 0)
    assert flow.post_token(service_client, grant_type="client_credentials").status_code == 200
    assert signatures() == (1, 0)

    sent = {"token": tokens["access_token"]}
    assert flow.userinfo(tokens["access_token"]).status_code == 200
    assert signatures() == (0, 1)
    assert flow.userinfo(tokens["access_token"]).status_code == 200
    assert flow.post_as(confidential_client, INTROSPECT, sent).json()["active"]
    assert signatures() == (0, 0)


def test_the_published_documents_are_made_once(monkeypatch):
    for module in (keys, apis):  # however slow the machine is, they stay warm
        monkeypatch.setattr(module, "RECHECK_SECONDS", 3600)
    path = "/.well-known/openid-configuration"
    first = Browser().get(path)
    monkeypatch.setattr(discovery, "openid_configuration", None)

    assert Browser().get(path).content == first.content
    known = Browser().get(path, headers={"if-none-match": first["ETag"]})
    assert (known.status_code, known.content) == (304, b"")
