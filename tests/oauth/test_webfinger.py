"""Whose accounts these are (RFC 7033, OpenID Connect Discovery §2), as Tailscale asks
(pocket-id #460, tinyauth #939)."""

import pytest
from django.test import Client as Browser

from oauth.webfinger import ISSUER

pytestmark = pytest.mark.django_db

WEBFINGER = "/.well-known/webfinger"


@pytest.mark.parametrize(
    "resource", ["acct:alice@example.com", "acct:nobody@other.example", "https://example.com/alice"]
)
def test_the_issuer_is_told_alike_for_every_account(person, resource):
    answer = Browser().get(WEBFINGER, {"resource": resource, "rel": ISSUER})

    assert answer["Content-Type"] == "application/jrd+json"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer.json() == {
        "subject": resource,
        "links": [{"rel": ISSUER, "href": "http://localhost:8000"}],
    }


def test_only_links_that_were_asked_for_are_told():
    def links(*relations):
        asked = {"resource": "acct:a@b.example", "rel": [*relations]}
        return Browser().get(WEBFINGER, asked).json()["links"]

    assert len(links()) == 1
    assert len(links("http://webfinger.net/rel/avatar", ISSUER)) == 1
    assert links("http://webfinger.net/rel/avatar") == []


@pytest.mark.parametrize(
    "resource", ["", "alice@example.com", "acct:", "acct:a b", "acct:\n", "é:x"]
)
def test_what_is_no_uri_is_refused(resource):
    assert Browser().get(WEBFINGER, {"resource": resource}).status_code == 400
    assert Browser().get(WEBFINGER).status_code == 400
    assert Browser().post(WEBFINGER, {"resource": "acct:a@b.example"}).status_code == 405
