"""The hot paths and their number of SQL statements: a promise to whoever runs a busy site."""

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from oauth import apis, keys
from oauth.models import Grant, RefreshToken
from tests.oauth import flow

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def warm_keys(db):
    """Keys and APIs loaded, as in a process that has served before."""
    keys.keyset()
    apis.registered()


@pytest.fixture
def tokens(confidential_client, signed_in_browser):
    return flow.sign_in_tokens(signed_in_browser, confidential_client)


def test_client_credentials_reads_the_client_and_writes_nothing(
    service_client, django_assert_max_num_queries
):
    with django_assert_max_num_queries(2):
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
    with django_assert_max_num_queries(6):
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
