"""Front-channel logout: the sign-out page reaches clients through the browser (SECURITY B13)."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.test import Client as Browser

from oauth.models import ClientSession
from ostiary import outbox
from ostiary.models import OutboxMessage, Session
from tests.oauth import flow

pytestmark = pytest.mark.django_db

RETURN_TO = "https://rp.example/bye?a=1"
FRAME = "https://rp.example/signed-out?x=1"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    monkeypatch.setattr(outbox, "_publish", lambda message_id: None)


def register(client, **metadata) -> None:
    client.metadata = {"frontchannel_logout_uri": FRAME, **metadata}
    client.full_clean()
    client.save()


@pytest.fixture
def client(confidential_client):
    confidential_client.post_logout_redirect_uris = RETURN_TO
    register(confidential_client, frontchannel_logout_session_required=True)
    return confidential_client


def frames(page) -> list[str]:
    """The addresses of the page's frames."""
    found = re.findall(r'<iframe src="([^"]+)" title="" hidden></iframe>', page.content.decode())
    assert len(found) == page.content.count(b"<iframe")
    return [html.unescape(address) for address in found]


def policy(page) -> dict[str, str]:
    parts = page["Content-Security-Policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


def sign_out(browser, **params):
    page = browser.get("/oauth/logout", params)
    return browser.post(flow.url_of(page), {"decision": "allow"})


def test_the_sign_out_page_loads_the_address_with_iss_and_sid(client, signed_in_browser):
    flow.sign_in_tokens(signed_in_browser, client)
    sid = str(Session.objects.get().pk)

    page = sign_out(signed_in_browser)

    [address] = frames(page)
    assert address.startswith(f"{FRAME}&")
    query = parse_qs(urlsplit(address).query)
    assert query == {"x": ["1"], "iss": ["http://localhost:8000"], "sid": [sid]}


def test_without_the_wish_for_a_session_the_address_is_loaded_as_it_is(client, signed_in_browser):
    register(client)
    flow.sign_in_tokens(signed_in_browser, client)

    assert frames(sign_out(signed_in_browser)) == [FRAME]


def test_only_this_page_may_frame_and_only_those_origins(client, signed_in_browser):
    flow.sign_in_tokens(signed_in_browser, client)
    before = signed_in_browser.get("/account/applications/")

    page = sign_out(signed_in_browser)

    assert "frame-src" not in policy(before)
    assert policy(page)["frame-src"] == "https://rp.example"
    assert policy(page)["default-src"] == "'none'"
    assert policy(page)["frame-ancestors"] == "'none'"


def test_the_page_goes_on_to_the_client_by_itself_and_by_a_link(client, signed_in_browser):
    tokens = flow.sign_in_tokens(signed_in_browser, client)

    page = signed_in_browser.get(
        "/oauth/logout",
        {
            "id_token_hint": tokens["id_token"],
            "post_logout_redirect_uri": RETURN_TO,
            "state": "a b&c",
        },
    )

    there = f"{RETURN_TO}&state=a+b%26c"
    assert page.status_code == 200
    assert page["Refresh"] == f"3; url={there}"
    assert f'href="{html.escape(there)}"' in page.content.decode()
    assert page["Clear-Site-Data"] == '"cache"'
    assert len(frames(page)) == 1
    assert b"<script" not in page.content.split(b"<body")[1]


def test_without_frames_the_person_goes_straight_back(confidential_client, signed_in_browser):
    confidential_client.post_logout_redirect_uris = RETURN_TO
    confidential_client.save()
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    answer = signed_in_browser.get(
        "/oauth/logout",
        {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": RETURN_TO},
    )

    assert answer["Location"] == RETURN_TO
    assert answer["Clear-Site-Data"] == '"cache"'


def test_only_clients_of_this_session_are_loaded(client, public_client, signed_in_browser, person):
    public_client.metadata = {"frontchannel_logout_uri": "https://spa.example/bye"}
    public_client.full_clean()
    public_client.save()
    elsewhere = Browser()
    elsewhere.force_login(person)
    flow.sign_in_tokens(elsewhere, public_client)
    flow.sign_in_tokens(signed_in_browser, client)

    page = sign_out(signed_in_browser)

    assert [urlsplit(address).hostname for address in frames(page)] == ["rp.example"]


def test_a_session_at_a_client_that_had_ended_before_is_not_loaded(client, signed_in_browser):
    flow.sign_in_tokens(signed_in_browser, client)
    signed_in_browser.post(f"/account/applications/{client.pk}/withdraw/")

    assert frames(sign_out(signed_in_browser)) == []


def test_the_page_for_a_visitor_loads_nothing(client, signed_in_browser):
    flow.sign_in_tokens(signed_in_browser, client)
    sign_out(signed_in_browser)

    page = signed_in_browser.get("/oauth/logout")

    assert frames(page) == []
    assert "frame-src" not in policy(page)


def test_a_disabled_client_is_not_loaded(client, signed_in_browser):
    flow.sign_in_tokens(signed_in_browser, client)
    client.enabled = False
    client.save()

    assert frames(sign_out(signed_in_browser)) == []


def test_a_client_of_both_channels_hears_by_both(client, signed_in_browser):
    register(client, backchannel_logout_uri="https://rp.example/told")
    flow.sign_in_tokens(signed_in_browser, client)

    page = sign_out(signed_in_browser)

    assert frames(page) == [FRAME]
    assert OutboxMessage.objects.filter(kind="oauth.backchannel_logout").count() == 1


def test_a_client_of_the_front_channel_alone_gets_no_message(client, signed_in_browser):
    flow.sign_in_tokens(signed_in_browser, client)
    sign_out(signed_in_browser)

    assert ClientSession.objects.get().ended_at is not None
    assert not OutboxMessage.objects.exists()


@pytest.mark.needs("accounts")
def test_signing_out_of_the_site_itself_loads_them_too(client, signed_in_browser):
    flow.sign_in_tokens(signed_in_browser, client)

    page = signed_in_browser.post("/signout/")

    assert len(frames(page)) == 1
    assert policy(page)["frame-src"] == "https://rp.example"
    assert page["Clear-Site-Data"] == '"cache"'


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/bye",  # not of the origin of a redirect URI (§2)
        "https://rp.example:8443/bye",
        "http://rp.example/bye",
        "http://127.0.0.1:99/bye",
        "https://rp.example;script-src *;/bye",
        "https://rp.example *",
        "https://rp.example,x/bye",
        "https://user@rp.example/bye",
        "https://rp.example/bye#x",
        "javascript:alert(1)",
        "https://[rp.example/bye",
    ],
)
def test_an_address_that_is_not_the_client_s_own_is_not_registered(client, address):
    with pytest.raises(ValidationError):
        register(client, frontchannel_logout_uri=address)
