"""Scripts of other origins (SECURITY J7): any may call what reads no cookie, and credentials mode
gives none of them what it could not have anyway. (OpenMetadata #30673, MCP inspector #758,
workadventure #5084: headers that scripts add; keycloak-js: ``credentials: "include"``.)"""

import json
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps as installed
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, connection
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import reverse

from oauth import apis, client_origins, keys, urls
from oauth.middleware import BENEATH, WITHOUT_COOKIES
from oauth.models import Client, ClientOrigin
from oauth.signer import SignerUnavailableError
from oauth.views.programs import for_programs
from tests.oauth import flow

pytestmark = pytest.mark.django_db

PAGES = {"authorize", "continue", "device", "device_qr", "logout"}
SPA = "https://spa.example"
EVIL = "https://evil.example"
NEVER = (
    *(
        EVIL,
        "null",
        "",
        "*",
        "https://rp.example",
        "http://spa.example",
        "https://spa.example:8443",
    ),
    *(
        "https://spa.example/",
        "https://SPA.example",
        "https://x.spa.example",
        "https://spa.example.",
    ),
    *("https://spa.example, https://spa.example", "https://spa.example.evil.example", "https://"),
    *(
        "com.example.app:",
        "https://sp\xe4.example",
        "https://[",
        "https://spa.example:x",
        "x" * 9000,
    ),
)


@pytest.fixture(autouse=True)
def nothing_remembered():
    """As in a new process."""
    client_origins.forget()


@pytest.fixture
def addresses(public_client):
    """Every address that programs call."""
    return [
        *(reverse(f"ostiary_oauth:{name}") for name in WITHOUT_COOKIES),
        reverse("ostiary_oauth:client_configuration", args=[public_client.client_id]),
        reverse("ostiary_oauth:status_list", args=[1]),
    ]


def preflight(address, origin=SPA, asked="", method="POST"):
    """What a browser asks before it sends a request."""
    headers = {"origin": origin, "access-control-request-method": method}
    if asked:
        headers["access-control-request-headers"] = asked
    return Browser().options(address, headers=headers)


def readable(answer, origin=None):
    """Assert that a script may read the answer: of any origin, or in credentials mode of one."""
    assert answer["Access-Control-Allow-Origin"] == (origin or "*")
    assert answer.get("Access-Control-Allow-Credentials") == ("true" if origin else None)
    assert "Origin" in answer["Vary"].split(", ")
    assert "Retry-After" in answer["Access-Control-Expose-Headers"]


def test_every_address_but_the_pages_is_open():
    named = {
        pattern.name
        for pattern in urls.urlpatterns
        if str(pattern.pattern).startswith((".well-known/", "oauth/"))
    }
    assert named - PAGES == {*WITHOUT_COOKIES, *BENEATH}
    for name in PAGES - {"device_qr"}:
        answer = preflight(reverse(f"ostiary_oauth:{name}"))
        assert "Access-Control-Allow-Origin" not in answer


# --- what may be sent -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        *("mcp-protocol-version", "sentry-trace", "baggage", "traceparent", "x-requested-with"),
        *("cache-control", "authorization,content-type,dpop", "auth0-client, x-a , x-b", "x_y"),
    ],
)
def test_any_header_may_be_sent_to_every_endpoint(addresses, asked):
    for address in addresses:
        answer = preflight(address, asked=asked)

        assert answer.status_code == 204
        allowed = {name.strip() for name in answer["Access-Control-Allow-Headers"].split(",")}
        # By name, too: in credentials mode "*" is a name like any other.
        assert allowed == {"*", "Authorization", *(name.strip() for name in asked.split(","))}
        assert "Access-Control-Request-Headers" in answer["Vary"]


@pytest.mark.parametrize("asked", ["", "é", "a b", "a;b", "x" * 101, "a," * 101 + "a", ",", "a:b"])
def test_what_is_no_list_of_names_is_not_told_back(asked):
    answer = preflight("/oauth/token", asked=asked)

    assert answer["Access-Control-Allow-Headers"] == "*, Authorization"


def test_a_registration_may_be_managed_from_a_page(public_client):
    """RFC 7592: read, replace and remove."""
    address = reverse("ostiary_oauth:client_configuration", args=[public_client.client_id])
    for method in ("GET", "PUT", "DELETE"):
        assert method in preflight(address, method=method)["Access-Control-Allow-Methods"]
        answer = Browser().generic(method, address, headers={"origin": EVIL})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
        readable(answer)


# --- what may be read -----------------------------------------------------------------------------


def test_every_answer_may_be_read_whatever_it_says(addresses, service_client):
    seen = set()
    for address in addresses:
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"):
            answer = Browser().generic(method, address, headers={"origin": EVIL})
            readable(answer)
            seen.add(answer.status_code)
    answer = flow.post_token(service_client, grant_type="client_credentials")
    readable(answer)
    seen.add(answer.status_code)

    assert seen == {200, 400, 401, 404, 405}


def test_that_registration_is_closed_is_told_to_a_program():
    answer = Browser().post("/oauth/register", "{}", content_type="application/json")

    readable(answer)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_too_many_tries_are_told_so(settings, service_client):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"token": {"ip": "1/hour"}}}
    wrong = flow.basic(service_client.client_id, "wrong")
    ask = {"grant_type": "client_credentials"}
    statuses = []
    for _ in range(2):
        answer = flow.post_form(flow.TOKEN, ask, wrong, origin=EVIL)
        readable(answer)
        statuses.append(answer.status_code)

    assert statuses == [401, 429]


@pytest.mark.parametrize("outage", [OperationalError, InterfaceError, SignerUnavailableError])
def test_an_outage_is_told_to_a_script(outage):
    def away(_request):
        raise outage

    answer = for_programs(away)(RequestFactory().post("/oauth/token", headers={"origin": EVIL}))

    readable(answer)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert json.loads(answer.content)["error"] == "temporarily_unavailable"


# --- credentials mode -----------------------------------------------------------------------------


def test_an_origin_of_a_public_client_may_be_in_credentials_mode(addresses, public_client):
    for address in addresses:
        asked = preflight(address, asked="content-type")
        readable(asked, SPA)
        assert "content-type" in asked["Access-Control-Allow-Headers"]
        for method in ("GET", "POST", "PATCH"):
            readable(Browser().generic(method, address, headers={"origin": SPA}), SPA)


@pytest.mark.parametrize("origin", NEVER, ids=lambda origin: repr(origin[:40]))
def test_no_other_may(addresses, public_client, confidential_client, origin):
    for address in addresses:
        readable(preflight(address, origin))
        readable(Browser().get(address, headers={"origin": origin}))
        readable(Browser().post(address, headers={"origin": origin}))


def test_none_may_any_more_once_its_client_is_gone_or_keeps_a_secret(public_client):
    readable(preflight("/oauth/token"), SPA)

    Client.objects.update(enabled=False)
    client_origins.forget()
    readable(preflight("/oauth/token"))
    Client.objects.update(enabled=True, client_type="confidential")
    client_origins.forget()
    readable(preflight("/oauth/token"))
    Client.objects.update(client_type="public")
    client_origins.forget()
    readable(preflight("/oauth/token"), SPA)
    public_client.delete()
    client_origins.forget()
    readable(preflight("/oauth/token"))


def test_what_a_client_says_now_counts_at_once(public_client):
    readable(preflight("/oauth/token"), SPA)

    public_client.redirect_uris = "https://new.example/cb com.example.app:/cb http://[::1]:81/cb"
    public_client.allowed_origins = "https://page.example:8443"
    public_client.full_clean()
    public_client.save()

    readable(preflight("/oauth/token"))
    for origin in ("https://new.example", "https://page.example:8443", "http://[::1]:81"):
        readable(preflight("/oauth/token", origin), origin)
    assert ClientOrigin.objects.count() == 3


def test_a_client_that_registered_itself_may_at_once(settings):
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "REGISTRATION": "open"}
    readable(preflight("/oauth/token", "https://new.example"))
    told = {
        "redirect_uris": ["https://new.example/callback"],
        "token_endpoint_auth_method": "none",
    }

    answer = Browser().post("/oauth/register", json.dumps(told), content_type="application/json")

    assert answer.status_code == 201
    readable(preflight("/oauth/token", "https://new.example"), "https://new.example")


@pytest.mark.parametrize("origin", ["https://x.example/", "https://X.example", "x.example", "null"])
def test_what_is_no_origin_cannot_be_allowed(public_client, origin):
    public_client.allowed_origins = origin

    with pytest.raises(ValidationError, match="isn’t an origin"):
        public_client.full_clean()


def test_what_a_browser_adds_by_itself_authenticates_no_client_of_another_origin(
    public_client, service_client, monkeypatch
):
    """A certificate, or a name and password that were once typed in."""
    ask = {"grant_type": "client_credentials"}
    basic = flow.basic(service_client.client_id, service_client.raw_secret)
    answer = flow.post_form(flow.TOKEN, ask, basic, origin=SPA)
    assert answer.status_code == 200
    readable(answer)

    monkeypatch.setattr("oauth.mtls.shown", lambda _request: object())
    readable(Browser().post(flow.PAR, headers={"origin": SPA}))


def test_j7_a_session_changes_nothing(
    addresses, public_client, confidential_client, consenting_browser, monkeypatch
):
    tokens = flow.sign_in_tokens(consenting_browser, confidential_client)
    bearer = {"authorization": f"Bearer {tokens['access_token']}", "origin": SPA}

    def refuse(*args, **kwargs):
        raise AssertionError("the session was read")

    monkeypatch.setattr(SessionBase, "_get_session", refuse)

    def told(answer):
        return answer.status_code, answer.content, {**answer.headers, "X-Request-ID": ""}

    for address in (*addresses, "/oauth/register/unknown", "/oauth/status-lists/999"):
        for method in ("OPTIONS", "GET", "POST", "PUT", "DELETE"):
            with_it = consenting_browser.generic(method, address, headers={"origin": SPA})
            without = Browser().generic(method, address, headers={"origin": SPA})
            assert told(with_it) == told(without)
            assert not with_it.cookies
    with_it, without = (
        each.get(flow.USERINFO, headers=bearer) for each in (consenting_browser, Browser())
    )
    assert with_it.status_code == 200
    assert told(with_it) == told(without)


# --- what it costs --------------------------------------------------------------------------------


@pytest.mark.parametrize(("origin", "statements"), [(None, 0), (SPA, 1), (EVIL, 1), ("null", 0)])
def test_an_origin_is_looked_up_by_one_statement_and_remembered(
    public_client, django_assert_num_queries, monkeypatch, origin, statements
):
    for module in (keys, apis, client_origins):  # however slow the machine is, they stay warm
        monkeypatch.setattr(module, "RECHECK_SECONDS", 3600)
    keys.keyset(), apis.registered()
    headers = {"origin": origin} if origin else {}

    with django_assert_num_queries(statements):
        Browser().get("/.well-known/jwks.json", headers=headers)
    with django_assert_num_queries(0):
        Browser().get("/.well-known/jwks.json", headers=headers)
        Browser().options("/oauth/token", headers=headers)


def test_strangers_push_out_no_more_than_there_is_room_for(public_client, monkeypatch):
    monkeypatch.setattr(client_origins, "MOST", 4)
    for number in range(20):
        readable(preflight("/oauth/token", f"https://x{number}.example"))

    readable(preflight("/oauth/token"), SPA)
    assert len(client_origins._known) == 4


def test_while_the_database_is_away_what_was_known_counts(public_client, monkeypatch):
    readable(preflight("/oauth/token"), SPA)
    monkeypatch.setattr(client_origins, "RECHECK_SECONDS", 0)

    def away(*_args, **_named):
        raise OperationalError

    monkeypatch.setattr("django.db.models.query.QuerySet.exists", away)

    readable(preflight("/oauth/token"), SPA)
    readable(preflight("/oauth/token", EVIL))


def test_the_origins_of_clients_that_were_there_before_are_kept(public_client, confidential_client):
    module = import_module("oauth.migrations.0014_origins_of_all_clients")
    before = set(ClientOrigin.objects.values_list("client", "origin"))
    assert before == {(public_client.pk, SPA), (public_client.pk, "http://127.0.0.1")}
    ClientOrigin.objects.all().delete()

    for _ in range(2):
        module.keep(installed, SimpleNamespace(connection=connection))

        assert set(ClientOrigin.objects.values_list("client", "origin")) == before
