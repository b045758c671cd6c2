"""Requests that are too long for the address of our pages go through them all the same."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from django.http import QueryDict
from django.test import Client as Browser
from django.test import RequestFactory
from django.utils import timezone

from oauth import carried_request, interaction
from oauth.models import PushedRequest
from ostiary.signin import safe_next_url
from tests.oauth import flow
from tests.oauth.assertions import CLIENT_KEY, public_jwk, request_object

pytestmark = pytest.mark.django_db

STATE = "long {}&=" * 900
MOST = 3000
"""Headers of an answer that nginx takes unless it is told otherwise are 4 KB altogether."""


def sent_to(response) -> str:
    """The address of ours that a visitor is to come back to."""
    assert response.status_code == 302, response.content
    assert response["Location"].startswith("/signin/?")
    assert len(response["Location"]) < MOST
    return parse_qs(urlsplit(response["Location"]).query)["next"][0]


def signed_in(browser, person, address):
    """What the person gets at ``address`` once they have signed in."""
    browser.force_login(person)
    return browser.get(address)


LONGEST = {
    "state": STATE,
    "nonce": "%" * 255,
    "login_hint": "alice@example.com",
    "acr_values": "a b " * 100,
    "claims": '{"userinfo": {"email": {"essential": true}}}',
}


def test_the_longest_request_survives_the_way_through_sign_in(person, confidential_client):
    browser, verifier = Browser(), flow.new_verifier()
    visit = flow.authorize(browser, confidential_client, verifier=verifier, **LONGEST)

    page = signed_in(browser, person, sent_to(visit))
    answer = flow.answer_of(flow.allow(browser, page))

    assert answer["state"] == STATE
    tokens = flow.redeem(confidential_client, answer["code"], verifier).json()
    assert flow.said_by(tokens["id_token"])["nonce"] == "%" * 255


@pytest.mark.parametrize("length", range(300, 1800, 150))
@pytest.mark.parametrize("value", ["a", "%", "é"])
def test_no_address_is_longer_than_a_page_takes_it(confidential_client, length, value):
    state = value * (length // len(quote(value)))
    visit = flow.authorize(Browser(), confidential_client, state=state)

    next_url = sent_to(visit)

    back = RequestFactory().get(visit["Location"])
    assert safe_next_url(back, next_url) == next_url


def test_every_page_on_the_way_has_a_short_address(signed_in_browser, confidential_client):
    """An account to choose, another person to sign in, a sign-in anew."""
    for prompt in ("select_account", "consent"):
        page = flow.authorize(signed_in_browser, confidential_client, state=STATE, prompt=prompt)
        ours = re.findall(r'href="(/signin/\?[^"]+)"', page.content.decode())
        assert ours
        assert all(len(address) < MOST for address in ours)
    again = flow.authorize(signed_in_browser, confidential_client, state=STATE, prompt="login")
    sent_to(again)
    chosen = signed_in_browser.post(flow.url_of(page), {"decision": "continue"})
    assert len(chosen.get("Location", "")) < MOST


def test_a_short_request_is_kept_nowhere(confidential_client):
    sent_to(flow.authorize(Browser(), confidential_client))

    assert not PushedRequest.objects.exists()


def test_a_long_one_that_needs_no_page_is_kept_nowhere(consenting_browser, confidential_client):
    assert "code" in flow.answer_of(
        flow.authorize(consenting_browser, confidential_client, state=STATE)
    )
    flow.authorize(Browser(), confidential_client, state=STATE, prompt="none")
    flow.authorize(Browser(), confidential_client, state=STATE, scope="nonsense")

    assert not PushedRequest.objects.exists()


def test_it_is_kept_once_however_many_pages_there_are(person, confidential_client):
    browser = Browser()
    visit = flow.authorize(browser, confidential_client, state=STATE, prompt="login")
    address = sent_to(visit)
    for _ in range(3):
        browser.get(address)
    page = signed_in(browser, person, address)
    flow.allow(browser, page)

    assert PushedRequest.objects.count() == 1


@pytest.mark.parametrize("params", [{"state": STATE}, {"filler": "x" * 15_000}])
def test_a_long_form_becomes_a_navigation(consenting_browser, confidential_client, params):
    """OIDC Core §3.1.2.1: POST as GET. From another site it comes without our cookies."""
    sent = flow.authorization_params(confidential_client, flow.new_verifier(), **params)

    moved = Browser().post(flow.AUTHORIZE, sent)
    assert moved.status_code == 302
    assert moved["Location"].startswith(flow.AUTHORIZE + "?")
    assert len(moved["Location"]) < MOST

    answer = flow.answer_of(consenting_browser.get(moved["Location"]))
    assert "code" in answer
    assert answer["state"] == sent["state"]


def test_a_long_form_that_is_no_good_is_answered_at_once_and_kept_nowhere(confidential_client):
    for bad in ({"scope": "nonsense"}, {"filler": "x" * 20_000}, {"state": "s" * 9000}):
        sent = {"state": STATE, **bad}
        params = flow.authorization_params(confidential_client, flow.new_verifier(), **sent)
        answer = flow.answer_of(Browser().post(flow.AUTHORIZE, params))
        assert answer["error"] in ("invalid_scope", "invalid_request")
        assert answer["state"] == sent["state"]
    stranger = {"client_id": "nobody", "state": STATE}
    assert Browser().post(flow.AUTHORIZE, stranger).status_code == 400

    assert not PushedRequest.objects.exists()


def test_a_long_id_token_is_a_hint_by_get_and_post(
    consenting_browser, confidential_client, settings
):
    """nextcloud/user_oidc #1261, LibreChat #12326: a hundred groups in it."""
    settings.OSTIARY_OAUTH = {
        **settings.OSTIARY_OAUTH,
        "CLAIMS_HOOKS": ["tests.oauth.test_logout.hundred_groups"],
    }
    hint = flow.sign_in_tokens(consenting_browser, confidential_client)["id_token"]
    assert len(hint) > 4000
    sent = flow.authorization_params(
        confidential_client, flow.new_verifier(), id_token_hint=hint, prompt="none"
    )

    by_get = consenting_browser.get(flow.AUTHORIZE, sent)
    by_post = consenting_browser.get(consenting_browser.post(flow.AUTHORIZE, sent)["Location"])

    assert "code" in flow.answer_of(by_get)
    assert "code" in flow.answer_of(by_post)


def test_a_long_signed_request_goes_through_too(person, confidential_client):
    confidential_client.metadata = {"jwks": {"keys": [public_jwk(CLIENT_KEY)]}}
    confidential_client.save()
    signed = request_object(confidential_client, state=STATE)
    browser = Browser()

    visit = flow.authorize(browser, confidential_client, request=signed)
    page = signed_in(browser, person, sent_to(visit))

    assert flow.answer_of(flow.allow(browser, page))["state"] == STATE


# --- what a reference is worth --------------------------------------------------------------------


def reference_of(address) -> str:
    return parse_qs(urlsplit(address).query)[interaction.REFERENCE][0]


def test_it_stands_for_the_request_alone_whatever_stands_beside_it(
    consenting_browser, confidential_client
):
    reference = reference_of(sent_to(flow.authorize(Browser(), confidential_client, state=STATE)))
    beside = {"redirect_uri": "https://evil.example/", "state": "other", "scope": "openid"}

    answer = flow.answer_of(
        consenting_browser.get(flow.AUTHORIZE, {interaction.REFERENCE: reference, **beside})
    )

    assert answer["state"] == STATE


@pytest.mark.parametrize("reference", ["", "x", "x" * 43, "nul\x00", "é", "x" * 9000])
def test_an_unknown_one_is_shown_on_a_page(signed_in_browser, reference):
    answer = signed_in_browser.get(flow.AUTHORIZE, {interaction.REFERENCE: reference})

    assert answer.status_code == 400
    assert "Location" not in answer


def test_it_ends_and_goes_with_the_clean_up(confidential_client, signed_in_browser):
    address = sent_to(flow.authorize(Browser(), confidential_client, state=STATE))
    PushedRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    page = signed_in_browser.get(address)

    assert page.status_code == 400
    assert "waited for too long" in page.content.decode()


def test_it_is_no_pushed_request_nor_the_reverse(signed_in_browser, confidential_client):
    carried = reference_of(sent_to(flow.authorize(Browser(), confidential_client, state=STATE)))
    pushed = flow.push(confidential_client).json()["request_uri"].rpartition(":")[2]

    as_pushed = f"urn:ietf:params:oauth:request_uri:{carried}"
    assert flow.come(signed_in_browser, confidential_client, as_pushed).status_code == 400
    as_carried = signed_in_browser.get(flow.AUTHORIZE, {interaction.REFERENCE: pushed})
    assert as_carried.status_code == 400


def test_a_client_that_must_push_gets_nothing_carried(confidential_client):
    confidential_client.metadata = {"require_pushed_authorization_requests": True}
    confidential_client.save()

    answer = flow.authorize(Browser(), confidential_client, state=STATE)

    assert flow.answer_of(answer)["error"] == "invalid_request"
    assert not PushedRequest.objects.exists()


def test_a_ticket_for_one_request_does_not_stand_for_another(
    signed_in_browser, confidential_client
):
    """prompt=login, answered for one request, would let another through without."""
    first = sent_to(
        flow.authorize(signed_in_browser, confidential_client, state=STATE, prompt="login")
    )
    other = sent_to(
        flow.authorize(signed_in_browser, confidential_client, state=STATE + "x", prompt="login")
    )
    ticket = parse_qs(urlsplit(first).query)[interaction.PARAMETER][0]
    mixed = {interaction.REFERENCE: reference_of(other), interaction.PARAMETER: ticket}

    sent_to(signed_in_browser.get(flow.AUTHORIZE, mixed))


def test_only_so_many_are_kept_for_one_address(confidential_client, settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"long_request": {"ip": "2/hour"}}}
    answers = [flow.authorize(Browser(), confidential_client, state=STATE) for _ in range(3)]

    assert flow.answer_of(answers[2])["error"] == "temporarily_unavailable"
    assert flow.answer_of(answers[2])["state"] == STATE
    assert PushedRequest.objects.count() == 2
    params = flow.authorization_params(confidential_client, flow.new_verifier(), state=STATE)
    by_post = Browser().post(flow.AUTHORIZE, params)
    assert flow.answer_of(by_post)["error"] == "temporarily_unavailable"


def test_what_is_kept_can_be_read_by_nobody_who_has_the_database(confidential_client):
    address = sent_to(flow.authorize(Browser(), confidential_client, state=STATE))
    row = PushedRequest.objects.values_list("uri_hash", "browser_hash").get()

    assert reference_of(address) not in str(row)


def test_a_client_that_is_deleted_takes_it_along(signed_in_browser, confidential_client):
    address = sent_to(flow.authorize(Browser(), confidential_client, state=STATE))
    confidential_client.delete()

    assert signed_in_browser.get(address).status_code == 400


@pytest.mark.parametrize("value", ["%", "&", "é", "a"])
def test_the_length_is_that_in_the_address_where_it_will_stand(value):
    params = QueryDict(urlencode({"state": value * 600}))

    carried = urlencode({"next": params.urlencode()})

    is_long = len(carried) - len("next=") > carried_request.MOST_IN_AN_ADDRESS
    assert carried_request.is_long(params) is is_long
