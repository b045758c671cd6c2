"""The Token Status List (draft-ietf-oauth-status-list), read by a decoder of its own."""

import base64
import itertools
import zlib

import jwt
import pytest
from django.test import Client as Browser

from oauth import keys, status_list
from oauth.models import StatusList, TokenStatus
from tests.oauth import flow
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

LISTS = "/oauth/status-lists"


@pytest.fixture
def service(service_client):
    service_client.revocation_policy = "blocklist"
    service_client.save()
    return service_client


def own_token(client):
    return flow.post_token(client, grant_type="client_credentials").json()["access_token"]


def path_of(uri):
    return uri.removeprefix("http://testserver").removeprefix("http://localhost:8000")


def fetch(number=0, **headers):
    return Browser().get(f"{LISTS}/{number}", headers=headers)


def bit(lst: str, index: int) -> int:
    """One status of a published list (§4.1): a decoder that shares nothing with ours."""
    compressed = base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4))
    return zlib.decompress(compressed)[index // 8] >> (index % 8) & 1


def status_of(token):
    """As an API checks it: by the claim in the token and the list at its address."""
    pointed = flow.said_by(token)["status"]["status_list"]
    number = pointed["uri"].rpartition("/")[2]
    claims = flow.said_by(fetch(number).content.decode())
    assert claims["sub"] == pointed["uri"]
    assert claims["status_list"]["bits"] == 1
    return bit(claims["status_list"]["lst"], pointed["idx"])


def test_the_published_vector_of_one_bit():
    """§4.1, the first example: sixteen statuses in two bytes."""
    statuses = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]

    bits = status_list.pack([i for i, status in enumerate(statuses) if status], size=16)

    assert bits == b"\xb9\xa3"
    assert status_list.encode(bits) == "eNrbuRgAAhcBXQ"
    assert [bit("eNrbuRgAAhcBXQ", index) for index in range(16)] == statuses


def test_a_revoked_token_is_listed_and_no_other(service):
    revoked, live = own_token(service), own_token(service)
    assert status_of(revoked) == status_of(live) == 0

    flow.post_as(service, flow.REVOKE, {"token": revoked})

    assert status_of(revoked) == 1
    assert status_of(live) == 0


def test_the_list_is_a_signed_token_of_its_own_type(service):
    own_token(service)

    response = fetch()

    token = response.content.decode()
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(
        token, jwt.PyJWK(keys.keyset().public_jwks[header["kid"]]).key, algorithms=["ES256"]
    )
    assert response["Content-Type"] == "application/statuslist+jwt"
    assert header["typ"] == "statuslist+jwt"
    assert set(claims) == {"iss", "sub", "iat", "exp", "ttl", "status_list"}
    assert claims["exp"] - claims["iat"] == 900
    assert claims["ttl"] == 30
    assert len(zlib.decompress(base64.urlsafe_b64decode(claims["status_list"]["lst"] + "=="))) == (
        131072 // 8
    )


def test_it_is_no_access_token(service):
    own_token(service)

    assert flow.userinfo(fetch().content.decode()).status_code == 401


def test_it_may_be_cached_and_asked_for_again(service, monkeypatch):
    now = status_list.time.time()
    monkeypatch.setattr(status_list.time, "time", lambda: now)
    token = own_token(service)
    first = fetch()
    assert first["Cache-Control"] == "public, max-age=30"
    assert first["Access-Control-Allow-Origin"] == "*"

    assert fetch(if_none_match=first["ETag"]).status_code == 304
    assert fetch().content == first.content

    flow.post_as(service, flow.REVOKE, {"token": token})
    assert fetch(if_none_match=first["ETag"]).status_code == 200


def test_an_unknown_list_is_not_found(service):
    own_token(service)

    for number in (1, 10**14, 10**40):
        assert fetch(number).status_code == 404
    assert Browser().post(f"{LISTS}/0").status_code == 405


def test_a_list_of_the_past_is_not_offered(service):
    """§8.4"""
    own_token(service)

    assert Browser().get(f"{LISTS}/0", {"time": "1686925000"}).status_code == 501


def test_an_expired_token_is_no_longer_listed(service):
    token = own_token(service)
    flow.post_as(service, flow.REVOKE, {"token": token})
    assert status_of(token) == 1

    TokenStatus.objects.update(expires_at="2020-01-01T00:00:00Z")

    assert status_of(token) == 0


def test_discovery_names_the_lists_in_use(service):
    """§9.3"""
    address = (
        Browser()
        .get("/.well-known/oauth-authorization-server")
        .json()["status_list_aggregation_endpoint"]
    )
    assert address.endswith(LISTS)
    assert Browser().get(LISTS).json() == {"status_lists": []}

    token = own_token(service)

    lists = Browser().get(LISTS).json()["status_lists"]
    assert lists == [flow.said_by(token)["status"]["status_list"]["uri"]]


def test_the_next_list_begins_when_one_is_full(service):
    TokenStatus.objects.create(
        pk=status_list.SIZE - 1,
        jti_hash="x",
        client_key=service.pk,
        expires_at="2100-01-01T00:00:00Z",
    )
    TokenStatus.objects.create(
        pk=status_list.SIZE, jti_hash="y", client_key=service.pk, expires_at="2100-01-01T00:00:00Z"
    )

    assert status_list.place(status_list.SIZE - 1)[0] == 0
    assert status_list.place(status_list.SIZE)[0] == 1
    assert len(status_list.current()) == 2
    assert StatusList.objects.count() == 2


def test_every_token_of_a_list_has_a_place_of_its_own():
    places = {status_list.shuffled(offset, "a salt") for offset in range(status_list.SIZE)}

    assert len(places) == status_list.SIZE
    assert max(places) < status_list.SIZE


def test_the_places_tell_neither_order_nor_number(service):
    """§12.5: neighbours in time are none in the list, and another salt is another order."""
    first = [status_list.shuffled(offset, "one") for offset in range(200)]
    second = [status_list.shuffled(offset, "two") for offset in range(200)]

    assert sum(abs(a - b) == 1 for a, b in itertools.pairwise(first)) < 3
    assert first != second
    assert sum(place < status_list.SIZE // 2 for place in first) in range(60, 140)


@pytest.mark.django_db(transaction=True)
def test_processes_that_issue_at_once_agree_on_the_places(service):
    def issue():
        status_list.forget()
        return own_token(service)

    tokens = at_once(issue, ways=8)

    assert StatusList.objects.count() == 1
    pointed = [flow.said_by(token)["status"]["status_list"] for token in tokens]
    assert len({(each["uri"], each["idx"]) for each in pointed}) == 8
    flow.post_as(service, flow.REVOKE, {"token": tokens[3]})
    assert [status_of(token) for token in tokens] == [0, 0, 0, 1, 0, 0, 0, 0]


def test_it_costs_one_statement(service, django_assert_num_queries):
    own_token(service)
    keys.keyset()
    fetch()

    with django_assert_num_queries(1):
        fetch()
