"""Someone with a passkey at a client: what is asked, and what the ID token says of it."""

from urllib.parse import urlsplit

import pytest
from django.test import Client as Browser

from tests.oauth import flow
from tests.oauth.clock import Clock

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.needs("accounts"),
    pytest.mark.needs("passkeys"),
]

DEVICE_BOUND, SYNCED = ["hwk", "user", "mfa"], ["swk", "user", "mfa"]


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """It stands still until a test moves it."""
    return Clock(monkeypatch)


@pytest.fixture
def make_passkey(person):
    """Has Alice add a passkey, in a browser of hers that is not looked at here."""
    from tests.passkeys.conftest import with_passkey

    return lambda **facts: with_passkey(person, **facts)


@pytest.fixture
def passkey(make_passkey):
    """Alice's, bound to her device."""
    return make_passkey()


def show_passkey(browser, passkey, asked):
    """Answer by the passkey where the authorization request led, and go where that leads."""
    from tests.passkeys.flow import SIGN_IN, use

    where = urlsplit(asked["Location"])
    assert where.path == "/signin/"
    answer = use(browser, passkey, f"{SIGN_IN}?{where.query}")
    assert answer.status_code == 302
    return browser.get(answer["Location"])


def id_token_of(client, response, verifier):
    tokens = flow.redeem(client, flow.answer_of(response)["code"], verifier).json()
    return flow.said_by(tokens["id_token"])


@pytest.fixture
def authorize(confidential_client):
    """Sends a browser to the client's authorization request: the answer, and how to redeem it."""

    def send(browser, **wanted):
        verifier = flow.new_verifier()
        return flow.authorize(
            browser, confidential_client, verifier=verifier, **wanted
        ), lambda response: id_token_of(confidential_client, response, verifier)

    return send


def test_a_session_by_password_is_stepped_up_for_a_client_that_wants_what_resists_phishing(
    consenting_browser, confidential_client, passkey, authorize, clock
):
    before = flow.said_by(flow.sign_in_tokens(consenting_browser, confidential_client)["id_token"])
    assert before["amr"] == ["pwd"]
    clock.advance(60)

    asked, redeem = authorize(consenting_browser, acr_values="phr")
    claims = redeem(show_passkey(consenting_browser, passkey, asked))

    assert claims["acr"] == "phr"
    assert claims["amr"] == DEVICE_BOUND
    assert claims["auth_time"] == before["auth_time"] + 60
    assert claims["sub"] == before["sub"]
    again, redeem = authorize(consenting_browser, acr_values="phr")
    assert redeem(again)["auth_time"] == claims["auth_time"]


def test_max_age_is_answered_by_the_passkey_and_by_no_one_elses(
    consenting_browser, passkey, authorize, clock, other_person
):
    from tests.passkeys.conftest import with_passkey
    from tests.passkeys.flow import SIGN_IN, use

    clock.advance(600)
    asked, redeem = authorize(consenting_browser, max_age="300")
    query = urlsplit(asked["Location"]).query
    bobs = use(consenting_browser, with_passkey(other_person), f"{SIGN_IN}?{query}")
    assert bobs.status_code == 400

    claims = redeem(show_passkey(consenting_browser, passkey, asked))

    assert claims["auth_time"] == int(clock.now.timestamp())
    assert claims["amr"] == DEVICE_BOUND


@pytest.mark.parametrize(
    ("flags", "wanted", "acr", "amr"),
    [
        ("VERIFIED", "phrh phr", "phrh", DEVICE_BOUND),
        ("SYNCED", "phrh phr", "phr", SYNCED),
        ("SYNCED", "urn:ostiary:aal2", "urn:ostiary:aal2", SYNCED),
    ],
)
def test_a_visitor_signs_in_by_one_gesture_and_the_id_token_says_what_it_was(
    make_passkey, authorize, flags, wanted, acr, amr
):
    from tests.passkeys import authenticator

    passkey = make_passkey(flags=getattr(authenticator, flags))
    browser = Browser()
    asked, redeem = authorize(browser, acr_values=wanted)

    claims = redeem(flow.allow(browser, show_passkey(browser, passkey, asked)))

    assert claims["acr"] == acr
    assert claims["amr"] == amr
