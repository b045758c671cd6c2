"""A CI job gets a token by what its platform signed, and nobody else does (RFC 7523, RFC 8693;
SECURITY B9, H13)."""

import hmac
import json
from contextlib import suppress
from functools import partial

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth2.rfc6749.errors import InvalidScopeError

from oauth import client_assertion, client_keys, keys, safe_fetch, workload
from oauth.grants.base import InvalidTargetError
from oauth.grants.workload import audience_for, scopes_for
from oauth.models import Client, TrustRule
from oauth.models.trust_rule import JWT_BEARER, TOKEN_EXCHANGE
from ostiary.models import Event
from tests.oauth import flow
from tests.oauth.assertions import make_proof, new_key, public_jwk
from tests.oauth.conftest import API, make_client
from tests.oauth.outside import KEY, KID, MAIN, REPOSITORY, platform
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

JWT = "urn:ietf:params:oauth:token-type:jwt"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


@pytest.fixture
def github(monkeypatch):
    """A platform whose keys this process has not seen."""
    monkeypatch.setattr(client_keys, "_held", {})
    with platform() as serving:
        yield serving


@pytest.fixture
def clock(monkeypatch):
    """The seconds by which this process tells how old its keys are; the test moves them."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def deployer(db):
    """What the job counts as."""
    return make_client(
        name="Deployer",
        client_type="confidential",
        grant_types=[JWT_BEARER, TOKEN_EXCHANGE, "client_credentials"],
        scopes=["openid", "api:read"],
        audiences=[API, "https://other.example/"],
    )


def make_rule(platform, client, **fields):
    """The rule that takes jobs of the main branch, but for what is told."""
    rule = TrustRule(
        **{
            "name": "deploy",
            "issuer": platform.issuer,
            "algorithms": ["RS256"],
            "subject": MAIN,
            "conditions": {"repository_id": "74", "event_name": ["push", "workflow_dispatch"]},
            "client": client,
            "uses": ["jwt_bearer", "token_exchange"],
            "scopes": ["api:read"],
            "audiences": [API],
            **fields,
        }
    )
    rule.full_clean()
    rule.save()
    return rule


@pytest.fixture
def rule(github, deployer):
    return make_rule(github, deployer)


def bearer(token, **params):
    """Ask by the JWT bearer grant."""
    form = {"grant_type": JWT_BEARER, "assertion": token, **params}
    return flow.post_form(flow.TOKEN, {name: value for name, value in form.items() if value})


def exchange(token, authorization="", **params):
    """Ask by token exchange."""
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": token,
        "subject_token_type": JWT,
        "audience": API,
        **params,
    }
    return flow.post_form(
        flow.TOKEN, {name: value for name, value in form.items() if value}, authorization
    )


WAYS = {"jwt-bearer": (bearer, "invalid_grant"), "exchange": (exchange, "invalid_request")}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def way(request):
    """Each way to show an outside token, and the error by which it is refused."""
    return request.param


def assert_refused(answer, error):
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert not Event.objects.filter(kind="workload.accepted").exists()


# --- who is let in --------------------------------------------------------------------------------


def test_a_job_of_the_main_branch_gets_a_token_of_ours_without_any_secret(github, rule, way):
    answer = way[0](github.token()).json()

    said = flow.said_by(answer["access_token"])
    assert jwt.get_unverified_header(answer["access_token"])["typ"] == "at+jwt"
    assert said["sub"] == said["client_id"] == rule.client.client_id
    assert said["aud"] == API
    assert said["scope"] == answer["scope"] == "api:read"
    assert said["workload"] == {"iss": github.issuer, "sub": MAIN}
    assert said["exp"] - said["iat"] == answer["expires_in"] == 300
    assert answer["token_type"] == "Bearer"
    assert "refresh_token" not in answer


def test_a_rule_for_eddsa_takes_it_by_its_newer_name(github, rule, way):
    key = new_key("Ed25519")
    github.publish("a", key, "Ed25519")
    rule.algorithms = ["EdDSA"]
    rule.save()

    assert way[0](github.token(key=key, alg="Ed25519", kid="a")).status_code == 200


def test_every_use_is_told_to_the_log(github, rule, way):
    way[0](github.token())

    event = Event.objects.get(kind="workload.accepted")
    assert event.client_id == rule.client.client_id
    assert event.details["rule"] == "deploy"
    assert (event.details["iss"], event.details["sub"]) == (github.issuer, MAIN)
    told = event.details["claims"]
    assert told.keys() == {"repository_id", "event_name", "jti"}
    assert told["repository_id"] == "74"


def test_it_takes_no_more_than_four_statements(github, rule, way, django_assert_max_num_queries):
    way[0](github.token())

    with django_assert_max_num_queries(4):
        assert way[0](github.token()).status_code == 200


def test_our_introspection_knows_the_token_while_the_client_is_enabled(github, rule):
    token = bearer(github.token()).json()["access_token"]
    api = make_client(
        name="Api",
        client_type="confidential",
        grant_types=["client_credentials"],
        serves=[API],
    )

    told = flow.post_as(api, "/oauth/introspect", {"token": token}).json()
    Client.objects.filter(pk=rule.client.pk).update(enabled=False)

    assert told["active"] is True
    assert told["workload"]["sub"] == MAIN
    again = flow.post_as(api, "/oauth/introspect", {"token": token}).json()
    assert again == {"active": False}


# --- who is not -----------------------------------------------------------------------------------

ATTACKS = {
    "another repository": {"sub": "repo:octo-org/other:ref:refs/heads/main", "repository_id": "1"},
    "a fork": {"sub": "repo:mallory/octo-repo:ref:refs/heads/main", "repository_id": "2"},
    "a name that goes on": {"sub": f"repo:{REPOSITORY}-evil:ref:refs/heads/main"},
    "an owner that goes on": {"sub": "repo:octo-org-evil/octo-repo:ref:refs/heads/main"},
    "a repository made anew under the name": {"repository_id": "75"},
    "a pull request": {"sub": f"repo:{REPOSITORY}:pull_request", "event_name": "pull_request"},
    "the main branch by a pull request": {"event_name": "pull_request_target"},
    "another branch": {"sub": f"repo:{REPOSITORY}:ref:refs/heads/evil"},
    "a branch that ends alike": {"sub": f"repo:{REPOSITORY}:ref:refs/heads/x/refs/heads/main"},
    "an environment": {"sub": f"repo:{REPOSITORY}:environment:main"},
    "the letters of another case": {"sub": MAIN.upper()},
    "no subject": {"sub": None},
    "another audience": {"aud": "https://github.com/octo-org"},
    "one more audience": {"aud": ["http://localhost:8000", "https://elsewhere.example"]},
    "no audience": {"aud": None},
    "expired": {"exp": 1},
    "no end": {"exp": None},
    "old": {"iat": 1, "exp": 2**40},
    "no beginning": {"iat": None},
    "made in the future": {"iat": 2**40},
    "not valid yet": {"nbf": 2**40},
    "another issuer": {"iss": "https://token.actions.example"},
    "our own name": {"iss": "http://localhost:8000"},
    "no issuer": {"iss": None},
    "an issuer with a NUL": {"iss": "a\x00"},
    "an issuer that is no text": {"iss": ["x"]},
    "a lone surrogate": {"sub": "\ud800"},
    "an unknown kid": {"kid": "x"},
    "no kid of a text": {"header": {"kid": ""}},
    "another key": {"key": new_key("RS256")},
    "another type": {"header": {"typ": "at+jwt"}},
    "an unknown critical header": {"header": {"crit": ["x"], "x": 1}},
    "a key of the token's own": {
        "key": new_key("RS256"),
        "header": {"kid": "mine", "jku": "https://evil.example/jwks"},
    },
    "no signature": {"key": None, "alg": "none"},
    "a signature of an algorithm that is not in the rule": {"alg": "PS256"},
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_b9_a_token_that_the_rule_does_not_mean_is_refused(github, rule, way, attack):
    ask, error = way

    answer = ask(github.token(**attack))

    # An exchange without an outside token at all is one of a client that has not authenticated.
    refused = {(400, error), *([(401, "invalid_client")] if ask is exchange else [])}
    assert (answer.status_code, answer.json()["error"]) in refused
    assert not Event.objects.filter(kind="workload.accepted").exists()


def test_b9_the_public_key_is_no_shared_secret(github, rule, way):
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = encoded(json.dumps({"alg": "HS256", "typ": "JWT", "kid": KID}).encode())
    said = f"{header}.{github.token().split('.')[1]}"
    mac = encoded(hmac.digest(pem, said.encode(), "sha256"))

    assert_refused(way[0](f"{said}.{mac}"), way[1])


def encoded(data):
    return jwt.utils.base64url_encode(data).decode()


def test_b9_a_kid_of_another_issuer_is_looked_for_at_its_own(github, rule, way):
    with platform() as other:
        other.publish("theirs", new_key("RS256"))
        theirs = new_key("RS256")
        other.publish("theirs", theirs)
        make_rule(other, rule.client, name="other")
        assert other.token(key=theirs, kid="theirs")

        answer = way[0](github.token(key=theirs, kid="theirs"))

        assert_refused(answer, way[1])
        assert other.end.asked == []


@pytest.mark.parametrize("token", ["x", "a.b.c", "é", "." * 9, "e30.e30.", "x" * 9000, "[" * 9000])
def test_what_is_no_jwt_is_refused(rule, token):
    assert_refused(bearer(token), "invalid_grant")


def test_a_token_too_long_is_not_looked_at(github, rule):
    assert_refused(bearer(github.token(x="y" * workload.MAX_LENGTH)), "invalid_grant")


def test_a_missing_assertion_is_told():
    assert_refused(bearer(""), "invalid_request")


@pytest.mark.parametrize(
    "changes",
    [
        {"enabled": False},
        {"uses": ["client_assertion"]},
        {"issuer": "https://elsewhere.example"},
        {"audience": "https://sts.example"},
    ],
)
def test_a_rule_that_is_off_or_for_something_else_takes_nothing(github, rule, way, changes):
    TrustRule.objects.update(**changes)

    assert_refused(way[0](github.token()), way[1])


def test_a_client_that_is_switched_off_or_lost_the_grant_gets_nothing(github, rule, way):
    Client.objects.filter(pk=rule.client.pk).update(grant_types=["client_credentials"])
    assert_refused(way[0](github.token()), "unauthorized_client")
    Client.objects.filter(pk=rule.client.pk).update(enabled=False)

    assert_refused(way[0](github.token()), way[1])


def test_an_id_token_of_ours_is_no_outside_token(rule, way, signed_in_browser, confidential_client):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    for token in (tokens["id_token"], tokens["access_token"]):
        answer = way[0](token)
        assert answer.status_code in (400, 401)


# --- as which client ------------------------------------------------------------------------------


def test_h13_client_id_and_credentials_must_be_those_of_the_rule(github, rule, way):
    ask, error = way
    other = make_client(
        name="Other",
        client_type="confidential",
        grant_types=[JWT_BEARER, TOKEN_EXCHANGE],
        scopes=["api:read"],
        audiences=[API],
    )
    own = {"client_id": rule.client.client_id}
    secret = {"client_secret": rule.client.raw_secret}

    assert ask(github.token(), **own).status_code == 200
    assert ask(github.token(), **own, **secret).status_code == 200
    for params, status in (
        ({"client_id": other.client_id}, 400),
        ({"client_id": other.client_id, "client_secret": other.raw_secret}, 400),
        ({"client_id": other.client_id, **secret}, 401),
        ({**own, "client_secret": "wrong"}, 401),
        ({"client_id": "nobody"}, 400),
    ):
        answer = ask(github.token(), **params)
        assert answer.status_code == status, params
        assert answer.json()["error"] == ("invalid_client" if status == 401 else error)


def test_b9_two_rules_that_take_one_token_are_told_apart_by_client_id_alone(github, rule, way):
    reader = make_client(
        name="Reader",
        client_type="confidential",
        grant_types=[JWT_BEARER, TOKEN_EXCHANGE],
        scopes=["api:read"],
        audiences=[API],
    )
    make_rule(github, reader, name="read", subject=f"repo:{REPOSITORY}:ref:refs/heads/*")

    assert_refused(way[0](github.token()), way[1])

    told = Event.objects.get(kind="workload.refused").details
    assert told["problems"] == {"deploy": ["ambiguous"], "read": ["ambiguous"]}
    answer = way[0](github.token(), client_id=reader.client_id)
    assert flow.said_by(answer.json()["access_token"])["sub"] == reader.client_id


def test_b9_two_rules_of_one_client_that_take_one_token_are_refused(github, rule, way):
    make_rule(github, rule.client, name="again", lifetime=3600)

    assert_refused(way[0](github.token(), client_id=rule.client.client_id), way[1])


# --- what it yields -------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["openid", "openid api:write", "api:write", "x"])
def test_b9_the_token_has_no_scope_beyond_the_rule(github, rule, way, scope):
    assert_refused(way[0](github.token(), scope=scope), "invalid_scope")

    assert way[0](github.token(), scope=f"{scope} api:read").json()["scope"] == "api:read"


def test_b9_nor_one_that_the_client_has_lost(github, rule, way):
    Client.objects.filter(pk=rule.client.pk).update(scopes=["openid"])

    assert_refused(way[0](github.token()), "invalid_scope")


@pytest.mark.parametrize("resource", ["https://other.example/", "https://x.example/"])
def test_b9_the_token_is_for_no_api_beyond_the_rule(github, rule, way, resource):
    assert_refused(way[0](github.token(), audience="", resource=resource), "invalid_target")


def test_b9_nor_for_one_that_the_client_has_lost(github, rule, way):
    Client.objects.filter(pk=rule.client.pk).update(audiences=["https://other.example/"])

    assert_refused(way[0](github.token()), "invalid_target")


def test_b9_the_token_never_lives_longer_than_rule_and_client(github, rule, way):
    Client.objects.filter(pk=rule.client.pk).update(access_token_lifetime=60)
    assert way[0](github.token()).json()["expires_in"] == 60

    TrustRule.objects.update(lifetime=20)

    assert way[0](github.token()).json()["expires_in"] == 20


SCOPES = ["openid", "api:read", "api:write"]
APIS = ["https://a.example/", "https://b.example/", "https://c.example/"]
some = {
    "scopes": st.lists(st.sampled_from(SCOPES), unique=True),
    "apis": st.lists(st.sampled_from(APIS), unique=True),
}


@given(some["scopes"], some["scopes"], some["scopes"], some["apis"], some["apis"], some["apis"])
def test_b9_no_request_whatsoever_gets_more_than_rule_and_client_have(
    of_rule, of_client, asked, apis_of_rule, apis_of_client, apis_asked
):
    client = Client(scopes=of_client, audiences=apis_of_client)
    found = workload.Workload(
        TrustRule(client=client, scopes=of_rule, audiences=apis_of_rule), {"sub": "x"}
    )

    audience = []
    with suppress(InvalidTargetError):
        audience = audience_for(tuple(apis_asked), found)
        assert len(audience) <= 1
        assert set(audience) <= set(apis_of_client)
        assert set(audience) <= set(apis_of_rule or apis_of_client)
        assert audience or not apis_of_rule
        assert not apis_asked or audience == apis_asked
    with suppress(InvalidScopeError):
        granted = scopes_for(" ".join(asked), found, audience)
        assert granted
        assert set(granted) <= set(of_rule) & set(of_client) - {"openid"}
        assert set(granted) <= set(asked or granted)


def test_a_client_that_needs_dpop_gets_no_token_without(github, rule, way):
    rule.client.metadata = {"dpop_bound_access_tokens": True}
    rule.client.save()

    assert_refused(way[0](github.token()), "invalid_request")


def test_a_job_that_proves_a_key_gets_a_token_bound_to_it(github, rule):
    key = new_key()
    form = {"grant_type": JWT_BEARER, "assertion": github.token()}

    answer = flow.post_form(flow.TOKEN, form, DPoP=make_proof(key)).json()

    assert answer["token_type"] == "DPoP"
    jkt = keys.thumbprint(public_jwk(key))
    assert flow.said_by(answer["access_token"])["cnf"] == {"jkt": jkt}


def test_an_exchange_with_an_outside_token_answers_as_asked(github, rule):
    for kind in (ACCESS_TOKEN, JWT):
        answer = exchange(github.token(), requested_token_type=kind).json()
        assert answer["issued_token_type"] == kind
    for wrong in (
        {"actor_token": "x", "actor_token_type": JWT},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
    ):
        assert exchange(github.token(), **wrong).json()["error"] == "invalid_request"
    # An outside token called an access token is none of ours, and nobody has authenticated.
    assert exchange(github.token(), subject_token_type=ACCESS_TOKEN).status_code == 401


# --- once or many times ---------------------------------------------------------------------------


def test_a_token_is_used_as_often_as_the_job_likes_unless_the_rule_says_once(github, rule, way):
    token = github.token()
    assert way[0](token).status_code == way[0](token).status_code == 200
    TrustRule.objects.update(single_use=True)
    token = github.token(exp=10**300)

    assert way[0](token).status_code == 200

    answer = way[0](token)
    assert (answer.status_code, answer.json()["error"]) == (400, way[1])
    told = Event.objects.get(kind="workload.refused").details
    assert told["problems"] == {"deploy": ["jti"]}


def test_what_yields_nothing_is_not_used_up(github, rule, way):
    TrustRule.objects.update(single_use=True)
    token = github.token()

    assert_refused(way[0](token, scope="api:write"), "invalid_scope")

    assert way[0](token).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_uses_of_a_token_for_single_use_one_wins(github, rule):
    TrustRule.objects.update(single_use=True)
    token = github.token()

    answers = at_once(lambda: bearer(token))

    assert sorted(answer.status_code for answer in answers) == [200, *[400] * 49]
    assert Event.objects.filter(kind="workload.accepted").count() == 1


# --- instead of a secret --------------------------------------------------------------------------


def as_client(assertion, path=flow.TOKEN, authorization="", **params):
    """Authenticate by an outside token."""
    form = {
        "client_assertion_type": client_assertion.TYPE,
        "client_assertion": assertion,
        "grant_type": "client_credentials",
        **params,
    }
    return flow.post_form(path, form, authorization)


def assert_unauthenticated(answer):
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.fixture
def assertion_rule(github, deployer):
    return make_rule(github, deployer, uses=["client_assertion"], scopes=[], audiences=[])


def test_an_outside_token_authenticates_as_the_client_of_the_rule(github, assertion_rule):
    answer = as_client(github.token())

    said = flow.said_by(answer.json()["access_token"])
    assert said["sub"] == assertion_rule.client.client_id
    assert Event.objects.get(kind="workload.accepted").details["use"] == "client_assertion"
    for path in (flow.REVOKE, "/oauth/introspect"):
        assert as_client(github.token(), path, token="x").status_code == 200
    assert as_client(github.token(), client_id=said["sub"]).status_code == 200


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_b9_an_outside_token_that_no_rule_means_authenticates_nobody(
    github, assertion_rule, attack
):
    assert_unauthenticated(as_client(github.token(**attack)))


def test_h13_an_outside_token_authenticates_as_no_other_client(
    github, assertion_rule, service_client
):
    assert_unauthenticated(as_client(github.token(), client_id=service_client.client_id))
    assert_unauthenticated(as_client(github.token(sub=service_client.client_id)))
    for params, authorization in (
        ({"client_secret": service_client.raw_secret}, ""),
        ({}, flow.basic(service_client.client_id, service_client.raw_secret)),
    ):
        answer = as_client(github.token(), authorization=authorization, **params)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_rule_for_a_grant_authenticates_nobody(github, rule):
    assert_unauthenticated(as_client(github.token()))


def test_an_outside_token_for_single_use_authenticates_once(github, assertion_rule):
    TrustRule.objects.update(single_use=True)
    token = github.token()

    assert as_client(token).status_code == 200
    assert_unauthenticated(as_client(token))


# --- the issuer's keys ----------------------------------------------------------------------------


def test_a_key_that_the_issuer_rotated_in_is_found_and_the_old_one_dies(github, rule, clock):
    assert bearer(github.token()).status_code == 200
    new = new_key("RS256")
    github.publish("new", new)
    clock[0] += client_keys.RETRY_SECONDS

    assert bearer(github.token(key=new, kid="new")).status_code == 200
    assert bearer(github.token()).status_code == 400


def test_unknown_kids_do_not_make_us_ask_without_end(github, rule, clock):
    for kid in range(20):
        assert bearer(github.token(kid=str(kid))).status_code == 400

    assert len(github.end.asked) == 2  # the metadata and the keys, once


def test_a_stranger_makes_us_ask_nobody(github, rule):
    with platform() as evil:
        assert bearer(evil.token()).status_code == 400
        assert bearer(github.token(sub="x")).status_code == 400
        assert evil.end.asked == []


@pytest.mark.parametrize("broken", ["status", "pages", "pause"])
def test_while_the_issuer_is_down_its_keys_hold_for_a_day_and_no_longer(
    github, rule, clock, broken, monkeypatch
):
    assert bearer(github.token()).status_code == 200
    monkeypatch.setattr(client_keys, "fetch", partial(safe_fetch.fetch, seconds=0.3))
    down = {"status": 503, "pages": {}, "pause": 1.0}
    setattr(github.end, broken, down[broken])

    clock[0] += client_keys.FRESH_SECONDS
    assert bearer(github.token()).status_code == 200
    clock[0] += client_keys.STALE_SECONDS

    assert bearer(github.token()).status_code == 400


def test_a_key_set_too_large_is_not_taken(github, rule):
    jwk = {**public_jwk(KEY, "RS256"), "kid": KID, "x": "y" * safe_fetch.MAX_BYTES}
    github.end.pages["/.well-known/jwks"] = json.dumps({"keys": [jwk]}).encode()

    assert_refused(bearer(github.token()), "invalid_grant")


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://elsewhere.example"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": ["x"]},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://192.0.2.1/"},
        {"jwks_uri": "http://169.254.169.254/latest/meta-data"},
    ],
)
def test_metadata_that_is_wrong_gives_no_keys(github, rule, said):
    github.publish(KID, KEY, **said)

    assert_refused(bearer(github.token()), "invalid_grant")


def test_keys_may_stand_at_an_address_or_in_the_rule(github, rule):
    metadata = github.end.pages.pop("/.well-known/openid-configuration")
    TrustRule.objects.update(jwks_uri=json.loads(metadata)["jwks_uri"])
    assert bearer(github.token()).status_code == 200

    cluster = new_key("ES256")
    jwks = {"keys": [{**public_jwk(cluster), "kid": "c"}]}
    TrustRule.objects.update(jwks_uri="", jwks=jwks, algorithms=["ES256"])
    github.end.asked.clear()

    assert bearer(github.token(key=cluster, alg="ES256", kid="c")).status_code == 200
    assert bearer(github.token()).status_code == 400
    assert github.end.asked == []


# --- other platforms ------------------------------------------------------------------------------


def test_a_pod_of_kubernetes_is_let_in(github, deployer):
    make_rule(
        github,
        deployer,
        subject="system:serviceaccount:prod:deployer",
        conditions={"/kubernetes.io/namespace": "prod"},
    )
    pod = {
        "sub": "system:serviceaccount:prod:deployer",
        "aud": ["http://localhost:8000"],
        "kubernetes.io": {
            "namespace": "prod",
            "pod": {"name": "deployer-7d9c", "uid": "1"},
            "serviceaccount": {"name": "deployer", "uid": "2"},
        },
    }

    assert bearer(github.token(**pod, header={"typ": None})).status_code == 200
    for wrong in (
        {"sub": "system:serviceaccount:dev:deployer"},
        {"kubernetes.io": {"namespace": "dev"}},
        {"kubernetes.io": "prod"},
    ):
        assert bearer(github.token(**{**pod, **wrong})).status_code == 400


def test_a_service_token_without_subject_is_let_in_by_its_common_name(github, deployer):
    tag = "32eafc7626e737969c1f6c4e8d1c8b1c"
    name = "e367826f93b8d71185e03fe518aff3b4.access"
    make_rule(github, deployer, audience=tag, subject="", conditions={"common_name": name})
    service = {"sub": "", "aud": [tag], "type": "app", "common_name": name}

    answer = bearer(github.token(**service))

    assert flow.said_by(answer.json()["access_token"])["workload"]["sub"] == ""
    for wrong in ({"common_name": "x.access"}, {"sub": "a-person"}, {"common_name": None}):
        assert bearer(github.token(**{**service, **wrong})).status_code == 400


# --- what the log is told of refusals -------------------------------------------------------------


def test_a_refusal_is_told_with_its_reason(github, rule, way):
    way[0](github.token(sub="repo:mallory/x:ref:refs/heads/main", repository_id="9"))

    event = Event.objects.get(kind="workload.refused")
    assert event.outcome == "failure"
    assert event.details["sub"] == "repo:mallory/x:ref:refs/heads/main"
    assert event.details["problems"] == {"deploy": ["repository_id", "sub"]}


def test_of_many_rules_the_closest_are_told(github, rule):
    for number in range(workload.TOLD_RULES + 2):
        make_rule(
            github,
            rule.client,
            name=f"a {number}",
            subject=f"repo:octo-org/{number}:ref:refs/heads/main",
            conditions={"repository_id": str(1000 + number)},
        )

    bearer(github.token(event_name="pull_request_target"))

    told = Event.objects.get(kind="workload.refused").details["problems"]
    assert len(told) == workload.TOLD_RULES
    assert told["deploy"] == ["event_name"]


def test_what_a_forged_token_says_is_not_repeated_in_the_log(github, rule, way):
    way[0](github.token(key=new_key("RS256"), sub="mallory was here"))

    details = Event.objects.get(kind="workload.refused").details
    assert "sub" not in details
    assert details["problems"] == {"deploy": ["signature", "sub"]}


def test_refusals_do_not_fill_the_log(github, rule, monkeypatch):
    for _ in range(65):
        bearer(github.token(sub="x"))

    assert Event.objects.filter(kind="workload.refused").count() == 60


def test_an_issuer_of_no_rule_is_not_told(rule):
    with platform() as other:
        assert bearer(other.token()).status_code == 400

    assert not Event.objects.filter(kind="workload.refused").exists()
