"""Clients whose ID is the address of their metadata document
(draft-ietf-oauth-client-id-metadata-document), and the sign-in of an MCP client with no prior
registration (MCP authorization specification)."""

import html
import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client as Browser
from django.utils import timezone

from oauth import cleanup, client_id_metadata
from oauth.models import Client, Grant
from ostiary.models import Event
from tests.oauth import flow
from tests.oauth.assertions import CLIENT_KEY, public_jwk, signed_by
from tests.oauth.conftest import API, make_client
from tests.oauth.far_end import far_end
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

CALLBACK = "https://agent.example/callback"


@pytest.fixture(autouse=True)
def allowed(settings):
    """Documents of this machine are fetched; no failure of an earlier test is remembered."""
    settings.OSTIARY_OAUTH = {"CLIENT_ID_METADATA_HOSTS": ["127.0.0.1", "*.agents.example"]}
    cache.clear()


@pytest.fixture
def end():
    """Where the document is."""
    with far_end() as serving:
        yield serving


def publish(end, path="agent.json", **changes) -> str:
    """Serve a document; returns its address, which is the client ID."""
    client_id = f"{end.url}{path}"
    document = {
        "client_id": client_id,
        "client_name": "Agent",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
        **changes,
    }
    end.body = json.dumps(
        {name: value for name, value in document.items() if value is not None}
    ).encode()
    return client_id


def stand_in(client_id, redirect_uri=CALLBACK) -> Client:
    """The client as its own side knows it, for building requests."""
    return Client(
        client_id=client_id,
        client_type="public",
        redirect_uris=redirect_uri,
        scopes=["openid"],
    )


def ask(browser, client_id, **overrides):
    redirect_uri = overrides.get("redirect_uri", CALLBACK)
    return flow.authorize(browser, stand_in(client_id, redirect_uri), **overrides)


def is_unknown(response) -> bool:
    return response.status_code == 400 and b"invalid_request" in response.content


def assert_told(response, why) -> None:
    assert is_unknown(response)
    assert why in html.unescape(response.content.decode())


def grow_stale(seconds=0):
    Client.objects.update(cimd_expires_at=timezone.now() - timedelta(seconds=seconds))
    cache.clear()


# --- the flow of an MCP client --------------------------------------------------------------------


def test_an_mcp_client_signs_in_with_no_prior_registration(settings, end, signed_in_browser):
    settings.OSTIARY_OAUTH = {
        **settings.OSTIARY_OAUTH,
        "REGISTRATION_SCOPES": ["api:read", "offline_access"],
        "REGISTRATION_AUDIENCES": [API],
    }
    # The MCP server's metadata (RFC 9728) names us, and ours says how to go on.
    resource_metadata = {"resource": API, "authorization_servers": ["http://localhost:8000"]}
    well_known = "/.well-known/oauth-authorization-server"
    told = Browser().get(well_known).json()
    assert told["issuer"] in resource_metadata["authorization_servers"]
    assert told["client_id_metadata_document_supported"] is True
    assert "S256" in told["code_challenge_methods_supported"]
    assert "none" in told["token_endpoint_auth_methods_supported"]
    uri = "http://127.0.0.1:49152/callback"
    client_id = publish(end, redirect_uris=["http://127.0.0.1/callback"])
    client = stand_in(client_id, uri)

    tokens = flow.sign_in_tokens(
        signed_in_browser, client, scope="api:read offline_access", resource=API, redirect_uri=uri
    )
    # (The code is redeemed with the resource too, as the specification asks.)
    renewed = flow.refresh(client, tokens["refresh_token"], resource=API)

    assert renewed.status_code == 200
    for answer in (tokens, renewed.json()):
        said = flow.said_by(answer["access_token"])
        assert said["aud"] == API
        assert said["client_id"] == client_id
    assert len(end.asked) == 1
    event = Event.objects.get(kind="client.registered")
    assert (event.client_id, event.details) == (client_id, {"source": "cimd"})


def test_a_client_with_a_key_of_its_own_signs_in(end, signed_in_browser):
    jwks = {"keys": [{**public_jwk(CLIENT_KEY), "kid": "its key"}]}
    client_id = publish(end, token_endpoint_auth_method="private_key_jwt", jwks=jwks)
    code, verifier = flow.obtain_code(signed_in_browser, stand_in(client_id))

    def redeem(**proof):
        return flow.post_form(
            flow.TOKEN,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": CALLBACK,
                "code_verifier": verifier,
                **proof,
            },
        )

    assert redeem(client_id=client_id).status_code == 401
    assert redeem(**signed_by(stand_in(client_id))).status_code == 200


def test_the_endpoints_for_servers_know_such_a_client_too(end, signed_in_browser):
    client_id = publish(end)

    answer = flow.post_form(flow.TOKEN, {"client_id": client_id, "grant_type": "refresh_token"})

    assert answer.status_code == 400
    assert Client.objects.get().client_id == client_id


# --- which documents are asked --------------------------------------------------------------------


def test_nothing_is_asked_and_nothing_is_told_where_it_is_off(settings, end, signed_in_browser):
    client_id = publish(end)
    settings.OSTIARY_OAUTH = {}

    assert is_unknown(ask(signed_in_browser, client_id))

    assert end.asked == []
    assert (
        "client_id_metadata_document_supported"
        not in Browser().get("/.well-known/oauth-authorization-server").json()
    )


def test_a_host_that_is_taken_off_the_list_is_off_at_once(settings, end, signed_in_browser):
    client_id = publish(end)
    client = stand_in(client_id)
    tokens = flow.sign_in_tokens(signed_in_browser, client, scope="openid offline_access")
    settings.OSTIARY_OAUTH = {"CLIENT_ID_METADATA_HOSTS": ["other.example"]}

    assert is_unknown(ask(signed_in_browser, client_id))
    assert flow.refresh(client, tokens["refresh_token"]).status_code == 401


@pytest.mark.parametrize(
    ("client_id", "is_on_it"),
    [
        ("https://a.agents.example/x.json", True),
        ("https://a.b.agents.example/x.json", True),
        ("https://agents.example/x.json", False),
        ("https://evilagents.example/x.json", False),
        ("https://agents.example.evil.example/x.json", False),
        ("https://127.0.0.1/x.json", True),
        ("https://127.0.0.1.evil.example/x.json", False),
    ],
)
def test_the_list_is_of_exact_hosts_and_of_those_below_a_domain(client_id, is_on_it):
    assert client_id_metadata.is_allowed(client_id) is is_on_it


@pytest.mark.parametrize(
    "client_id",
    [
        "https://a.agents.example",
        "https://a.agents.example/x#y",
        "https://u:p@a.agents.example/x",
        "https://a.agents.example/a/../x",
        "https://a.agents.example/./x",
        "https://a.agents.example/%2e%2e/x",
        "https://a.agents.example:x/y",
        "https://a.agents.example/\\x",
        "HTTPS://a.agents.example/x",
        "http://a.agents.example/x",
        "ftp://a.agents.example/x",
        "https:///x",
        "https://a.agents.example/" + "x" * 255,
        "https://a.agents.example/é",
        "plain",
        "",
    ],
)
def test_what_is_no_address_of_a_document_is_none(client_id):
    assert client_id_metadata.why_no_document(client_id)


def test_http_is_for_a_site_on_this_machine_alone(settings):
    assert not client_id_metadata.why_no_document("http://127.0.0.1/x")
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": "https://id.example.com"}
    assert client_id_metadata.why_no_document("http://127.0.0.1/x")


# --- what is in them ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "https://other.example/agent.json"},
        {"client_id": None},
        {"client_secret": "x" * 40},
        {"client_secret_expires_at": 0},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": 7},
        {"id_token_signed_response_alg": "HS256"},
        {"redirect_uris": None},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["cursor://x/callback", "http://plain.example/"]},
        {"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]},
        {"response_types": ["token"]},
        {"client_name": "evil\u202eelpmaxe"},
        {"jwks": {"keys": [{"kty": "oct", "k": "eA"}]}},
        {"jwks": {"keys": [{"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}]}},
    ],
)
def test_a_document_that_is_not_right_makes_no_client(end, signed_in_browser, changes):
    client_id = publish(end, **changes)

    assert is_unknown(ask(signed_in_browser, client_id))

    assert len(end.asked) == 1
    assert not Client.objects.exists()


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404},
        {"status": 302, "headers": {"Location": "http://127.0.0.1/", "Content-Length": "0"}},
        {"headers": {"Content-Type": "text/html"}},
        {"body": b"[]"},
        {"body": b"{"},
        {"body": b"[" * 9000},
        {"body": b"\xff"},
        {"body": b'{"x": "' + b"x" * client_id_metadata.MAX_BYTES + b'"}'},
    ],
)
def test_what_is_no_document_makes_no_client(end, signed_in_browser, answer):
    client_id = publish(end)
    for name, value in answer.items():
        setattr(end, name, value)

    assert is_unknown(ask(signed_in_browser, client_id))

    assert len(end.asked) == 1
    assert not Client.objects.exists()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"client_id": "https://other.example/a"},
            "client_id is not its address, but https://other",
        ),
        ({"client_id": None}, "client_id is not its address, but missing"),
        ({"client_secret": "x" * 40}, "It holds client_secret"),
        ({"token_endpoint_auth_method": "client_secret_post"}, "choose from none, private_key_jwt"),
        ({"redirect_uris": ["cursor://x/callback"]}, "cursor://x/callback: a private-use scheme"),
        ({"redirect_uris": None}, "needs a redirect URI"),
        ({"grant_types": ["implicit"]}, "Instead of implicit use authorization_code with PKCE"),
        ({"client_name": "a\u202eb"}, "client_name: the character U+202E"),
    ],
)
def test_why_a_document_is_refused_is_told_on_the_page_and_in_the_log(
    end, signed_in_browser, caplog, changes, why
):
    client_id = publish(end, **changes)
    for _again in range(2):  # what is remembered of it is told too
        assert_told(ask(signed_in_browser, client_id), why)

    [line] = [record for record in caplog.records if record.name == client_id_metadata.__name__]
    assert line.levelname == "WARNING"
    assert client_id in line.getMessage()
    assert why in line.getMessage()
    assert "x" * 40 not in line.getMessage()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"status": 404}, "answered with status 404."),
        ({"status": 301, "headers": {"Location": "/"}}, "redirects are not followed"),
        ({"headers": {"Content-Type": "text/plain"}}, "content type is text/plain"),
        ({"body": b"x" * 20_000}, "larger than 10240 bytes"),
        ({"body": b"{"}, "There is no JSON"),
        ({"body": b"[]"}, "not an object"),
    ],
)
def test_why_an_answer_is_no_document_is_told(end, signed_in_browser, caplog, answer, why):
    client_id = publish(end)
    for name, value in answer.items():
        setattr(end, name, value)

    assert_told(ask(signed_in_browser, client_id), why)
    assert why in caplog.text
    assert client_id in caplog.text


def test_a_host_that_nobody_listed_is_told_with_the_setting(signed_in_browser, settings, caplog):
    client_id = "https://agent.example/client.json"

    assert_told(
        ask(signed_in_browser, client_id), "CLIENT_ID_METADATA_HOSTS does not name its host"
    )
    assert client_id in caplog.text
    settings.OSTIARY_OAUTH = {}
    assert_told(ask(signed_in_browser, client_id), "CLIENT_ID_METADATA_HOSTS is empty")


def test_what_our_network_answers_is_told_in_the_log_alone(signed_in_browser, caplog):
    client_id = "http://127.0.0.1:1/client.json"

    page = ask(signed_in_browser, client_id)

    assert_told(page, "could not be fetched")
    assert b"Connection" not in page.content
    assert "ConnectionRefusedError" in caplog.text


def test_servers_are_told_why_too(end):
    client_id = publish(end, client_id="https://other.example/a")

    answer = flow.post_form(flow.TOKEN, {"client_id": client_id, "grant_type": "refresh_token"})

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert "client_id is not its address" in answer.json()["error_description"]


@pytest.mark.parametrize(
    "changes",
    [
        {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]},
        {"scope": "mcp:tools claudeai"},
        {"_comment": "two\nlines"},
        {"client_name": "Family 👨\u200d👩\u200d👧"},
        {"redirect_uris": ["cursor://x/callback", CALLBACK]},
        {"response_types": ["code", "token"]},
        {"jwks": {"keys": []}, "jwks_uri": "", "client_secret": None, "contacts": []},
        {"token_endpoint_auth_method": ""},
        {
            "token_endpoint_auth_method": "client_secret_basic",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
        },
        {"logo_uri": "https://cdn.example/logo.png", "client_uri": "http://agent.example/"},
    ],
)
def test_a_document_is_for_many_servers(end, signed_in_browser, caplog, changes):
    """giantswarm/muster #1086; what one server doesn't have is left out."""
    caplog.set_level("INFO")
    client_id = publish(end, **changes)

    assert ask(signed_in_browser, client_id).status_code == 200

    client = Client.objects.get()
    assert (client.redirect_uris, client.auth_methods) == (CALLBACK, ["none"])
    assert client.grant_types[0] == "authorization_code"
    assert "openid" in client.scopes
    if "scope" in changes:
        assert f"registered {client_id} without" in caplog.text
        assert "mcp:tools: not to be had" in caplog.text


def test_a_document_of_5_kilobytes_and_of_a_json_type_of_its_own_is_read(end, signed_in_browser):
    client_id = publish(end, x="x" * 5 * 1024)
    end.headers = {"Content-Type": "application/client-metadata+json; charset=utf-8"}

    assert ask(signed_in_browser, client_id).status_code == 200


def test_a_document_gives_nothing_that_is_the_operator_s(end, signed_in_browser):
    grants = ["authorization_code", "refresh_token", "client_credentials", "implicit"]
    ask(
        signed_in_browser,
        publish(
            end,
            first_party=True,
            access_token_lifetime=10**9,
            grant_types=grants,
            response_types=["code", "token"],
            scope="openid api:read",
            audiences=[API],
        ),
    )

    client = Client.objects.get()
    assert client.grant_types == ["authorization_code", "refresh_token"]
    assert client.scopes == ["openid"]
    assert client.audiences == []
    assert (client.first_party, client.access_token_lifetime) == (False, 900)


def test_an_address_of_the_private_network_is_not_asked(settings, signed_in_browser):
    settings.OSTIARY_OAUTH = {"CLIENT_ID_METADATA_HOSTS": ["169.254.169.254", "10.0.0.1"]}

    for host in settings.OSTIARY_OAUTH["CLIENT_ID_METADATA_HOSTS"]:
        assert is_unknown(ask(signed_in_browser, f"https://{host}/x.json"))


# --- kept and asked anew --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        ("", client_id_metadata.USUAL_AGE),
        ("max-age=7200", 7200),
        ('public, Max-Age="7200"', 7200),
        ("max-age=1", client_id_metadata.MIN_AGE),
        ("max-age=999999999", client_id_metadata.MAX_AGE),
        ("no-store", client_id_metadata.MIN_AGE),
        ("no-cache, max-age=7200", client_id_metadata.MIN_AGE),
        ("max-age=x", client_id_metadata.USUAL_AGE),
    ],
)
def test_it_is_fresh_for_as_long_as_it_says_within_bounds(
    end, signed_in_browser, cache_control, seconds
):
    end.headers = {**end.headers, "Cache-Control": cache_control}
    before = timezone.now()

    ask(signed_in_browser, publish(end))

    fresh = Client.objects.get().cimd_expires_at - before
    assert timedelta(seconds=seconds) <= fresh <= timedelta(seconds=seconds + 60)


def test_a_fresh_one_is_not_asked_again(end, signed_in_browser):
    client_id = publish(end)
    for _ in range(3):
        ask(signed_in_browser, client_id)

    assert len(end.asked) == 1


def test_a_stale_one_follows_its_document(end, signed_in_browser):
    client_id = publish(end)
    ask(signed_in_browser, client_id)
    publish(end, redirect_uris=["https://agent.example/new"], client_name="Renamed")
    grow_stale()

    assert is_unknown(ask(signed_in_browser, client_id))
    page = ask(signed_in_browser, client_id, redirect_uri="https://agent.example/new")

    assert b"Renamed" in page.content
    assert len(end.asked) == 2
    changed = Event.objects.get(kind="client.changed")
    assert changed.details == {"fields": ["client_name", "redirect_uris"]}


def test_one_that_did_not_change_is_no_event(end, signed_in_browser):
    client_id = publish(end)
    ask(signed_in_browser, client_id)
    grow_stale()

    ask(signed_in_browser, client_id)

    assert len(end.asked) == 2
    assert not Event.objects.filter(kind="client.changed").exists()


@pytest.mark.parametrize("broken", [{"status": 503}, {"body": b"{}"}, {"body": b"x"}])
def test_while_it_cannot_be_had_what_it_said_last_holds_within_a_bound(
    end, signed_in_browser, broken
):
    client_id = publish(end)
    ask(signed_in_browser, client_id)
    for name, value in broken.items():
        setattr(end, name, value)

    grow_stale(client_id_metadata.STALE_SECONDS - 60)
    assert ask(signed_in_browser, client_id).status_code == 200
    grow_stale(client_id_metadata.STALE_SECONDS + 60)
    assert is_unknown(ask(signed_in_browser, client_id))


def test_a_document_that_went_bad_changes_nothing(end, signed_in_browser):
    client_id = publish(end)
    ask(signed_in_browser, client_id)
    publish(end, redirect_uris=["https://evil.example/"], token_endpoint_auth_method="x")
    grow_stale()

    assert is_unknown(ask(signed_in_browser, client_id, redirect_uri="https://evil.example/"))
    publish(end, redirect_uris=["https://evil.example/"], client_name="evil\u202eelpmaxe")
    grow_stale()
    assert is_unknown(ask(signed_in_browser, client_id, redirect_uri="https://evil.example/"))
    assert ask(signed_in_browser, client_id).status_code == 200


def test_after_a_failure_it_is_left_alone_for_a_while(end, signed_in_browser):
    client_id = publish(end)
    end.status = 503
    for _ in range(3):
        assert is_unknown(ask(signed_in_browser, client_id))

    assert len(end.asked) == 1


def test_a_host_is_asked_for_so_many_new_documents_and_no_more(settings, end, signed_in_browser):
    settings.OSTIARY = {
        **settings.OSTIARY,
        "THROTTLES": {"client_id_metadata": {"client": "2/minute"}},
    }
    end.status = 404
    for number in range(4):
        assert is_unknown(ask(signed_in_browser, f"{end.url}{number}.json"))

    assert len(end.asked) == 2


def test_token_requests_never_wait_for_a_document(end, signed_in_browser):
    client_id = publish(end)
    client = stand_in(client_id)
    tokens = flow.sign_in_tokens(signed_in_browser, client, scope="openid offline_access")
    grow_stale()

    assert flow.refresh(client, tokens["refresh_token"]).status_code == 200
    assert len(end.asked) == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_client(end, signed_in_browser):
    client_id = publish(end)

    def begin():
        browser = Browser()
        browser.cookies = signed_in_browser.cookies
        return ask(browser, client_id).status_code

    answers = at_once(begin, ways=8)

    assert set(answers) == {200}
    assert Client.objects.get().client_id == client_id
    assert Event.objects.filter(kind="client.registered").count() == 1


# --- what an operator says ------------------------------------------------------------------------


def test_one_that_was_switched_off_stays_off_whatever_its_document_says(end, signed_in_browser):
    client_id = publish(end)
    client = stand_in(client_id)
    tokens = flow.sign_in_tokens(signed_in_browser, client, scope="openid offline_access")
    Client.objects.update(enabled=False, unused_expires_at=timezone.now())
    publish(end, client_name="Back again")
    grow_stale()

    assert is_unknown(ask(signed_in_browser, client_id))
    assert flow.refresh(client, tokens["refresh_token"]).status_code == 401
    assert cleanup.remove_unused_clients() == 0
    assert len(end.asked) == 1
    assert Client.objects.get().enabled is False


def test_a_client_of_the_operator_s_with_such_an_id_is_the_operator_s(end, signed_in_browser):
    client = make_client(
        client_id=publish(end),
        name="Ours",
        client_type="public",
        redirect_uris="https://ours.example/",
        grant_types=["authorization_code"],
        scopes=["openid"],
    )

    assert flow.authorize(signed_in_browser, client).status_code == 200
    assert is_unknown(ask(signed_in_browser, client.client_id))
    assert end.asked == []


def test_what_an_operator_gave_is_kept_when_the_document_changes(end, signed_in_browser):
    client_id = publish(end)
    ask(signed_in_browser, client_id)
    Client.objects.update(required_acr="urn:ostiary:aal1", access_token_lifetime=60)
    publish(end, client_name="Renamed")
    grow_stale()

    ask(signed_in_browser, client_id)

    client = Client.objects.get()
    assert client.name == "Renamed"
    assert (client.required_acr, client.access_token_lifetime) == ("urn:ostiary:aal1", 60)


# --- what people are told -------------------------------------------------------------------------


def test_people_are_told_whose_it_is_and_where_it_leads(end, signed_in_browser):
    uri = "http://localhost:33418/callback"
    client_id = publish(end, redirect_uris=[uri], client_name="Your Bank")

    page = ask(signed_in_browser, client_id, redirect_uri=uri).content.decode()

    assert "run by <strong>127.0.0.1</strong>" in page
    assert "program on your own device" in page
    assert "<strong>http://localhost:33418</strong>" in page


def test_on_the_person_s_device_consent_is_asked_every_time(end, signed_in_browser):
    uri = "http://localhost:33418/callback"
    jwks = {"keys": [public_jwk(CLIENT_KEY)]}
    method = "private_key_jwt"
    for number, keys in enumerate([{}, {"token_endpoint_auth_method": method, "jwks": jwks}]):
        client_id = publish(end, f"{number}.json", redirect_uris=[uri], **keys)
        client = stand_in(client_id, uri)
        flow.obtain_code(signed_in_browser, client)

        page = flow.authorize(signed_in_browser, client)

        assert b'name="decision"' in page.content
    assert Grant.objects.count() == 2


def test_elsewhere_consent_is_remembered(end, signed_in_browser):
    client = stand_in(publish(end))
    flow.obtain_code(signed_in_browser, client)

    assert "code" in flow.answer_of(flow.authorize(signed_in_browser, client))
