"""Signed authorization requests (JAR, RFC 9101; SECURITY A8)."""

import base64
import json
import time
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from django.http import QueryDict
from django.test import Client as Browser
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError
from oauthlib.openid.connect.core.exceptions import InvalidRequestObject

from oauth import request_object as jar
from oauth.models import Client, Grant
from tests.oauth import flow
from tests.oauth.assertions import CLIENT_KEY, new_key, public_jwk, request_object, signed_by
from tests.oauth.conftest import API, PASSWORD

pytestmark = pytest.mark.django_db

# The header and claims of the example of RFC 9101 §4.
EXAMPLE = (
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsyYmRjIn0.ew0KICAgICJpc3MiOiAiczZCaGRSa3F0MyIsDQogICAgImF1ZCI"
    "6ICJodHRwczovL3NlcnZlci5leGFtcGxlLmNvbSIsDQogICAgInJlc3BvbnNlX3R5cGUiOiAiY29kZSBpZF90b2tlbi"
    "IsDQogICAgImNsaWVudF9pZCI6ICJzNkJoZFJrcXQzIiwNCiAgICAicmVkaXJlY3RfdXJpIjogImh0dHBzOi8vY2xpZ"
    "W50LmV4YW1wbGUub3JnL2NiIiwNCiAgICAic2NvcGUiOiAib3BlbmlkIiwNCiAgICAic3RhdGUiOiAiYWYwaWZqc2xk"
    "a2oiLA0KICAgICJub25jZSI6ICJuLTBTNl9XekEyTWoiLA0KICAgICJtYXhfYWdlIjogODY0MDANCn0"
)


@pytest.fixture
def signer(confidential_client):
    """A client with a key for its requests."""
    confidential_client.metadata = {
        "jwks": {"keys": [{**public_jwk(CLIENT_KEY), "kid": "its key"}]}
    }
    confidential_client.save()
    return confidential_client


def named(client):
    """All that stands beside the object: the client's name."""
    return QueryDict(f"client_id={client.client_id}")


def ask(browser, client, signed, **beside):
    """Send a signed request, with the client's name beside it."""
    params = {"client_id": client.client_id, "request": signed, **beside}
    return browser.get(flow.AUTHORIZE, {name: v for name, v in params.items() if v is not None})


def ask_beside_a_plain_one(browser, client, signed):
    """Send it beside parameters that would do by themselves; the error that comes of it."""
    response = flow.authorize(browser, client, request=signed, state="unsigned")
    assert response["Location"].startswith("https://rp.example/callback?")
    answer = flow.answer_of(response)
    assert flow.DESCRIPTION.fullmatch(answer["error_description"])
    assert Grant.objects.count() == 0
    return answer["error"]


def test_the_parameters_are_those_of_the_object(consenting_browser, signer):
    verifier = flow.new_verifier()
    params = flow.authorization_params(signer, verifier, state="signed", resource=API)
    page = ask(consenting_browser, signer, request_object(signer, **params))
    page = consenting_browser.get(page["Location"])  # another audience than was allowed

    answer = flow.answer_of(flow.allow(consenting_browser, page))

    assert answer["state"] == "signed"
    assert flow.redeem(signer, answer["code"], verifier).status_code == 200
    assert Grant.objects.get().resource == [API]


def test_an_object_made_by_a_clock_that_is_ahead_is_taken(consenting_browser, signer):
    ahead = int(time.time()) + 8

    answer = ask(consenting_browser, signer, request_object(signer, iat=ahead, nbf=ahead))

    assert "code" in flow.answer_of(answer)


def test_what_stands_beside_the_object_is_ignored(consenting_browser, signer):
    signed = request_object(signer, scope="openid", state="signed")

    response = ask(
        consenting_browser,
        signer,
        signed,
        scope="openid email",
        state="unsigned",
        redirect_uri="https://evil.example/",
        response_mode="form_post",
        response_type="code",
        prompt="login",
    )

    assert flow.answer_of(response)["state"] == "signed"
    assert Grant.objects.get().scope == "openid"


def test_numbers_lists_and_nulls_are_taken_as_they_are_meant(consenting_browser, signer):
    signed = request_object(
        signer, max_age=3600, resource=[API], login_hint=None, something={"un": ["known"]}
    )

    asked = ask(consenting_browser, signer, signed)

    assert "code" in flow.answer_of(flow.allow(consenting_browser, asked["Location"]))
    assert Grant.objects.get().resource == [API]


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody"},
        {"iss": None},
        {"aud": "https://other.example"},
        {"aud": "http://localhost:8000/oauth/authorize"},
        {"aud": ["https://other.example"]},
        {"aud": None},
        {"exp": int(time.time()) - 3600},
        {"exp": int(time.time()) + 90000},
        {"exp": "tomorrow"},
        {"exp": 1e400},
        {"exp": True},
        {"nbf": int(time.time()) + 3600},
        {"nbf": "x"},
        {"client_id": "somebody"},
        {"request": "e30.e30."},
        {"request_uri": "https://rp.example/"},
        {"request_uri": "urn:ietf:params:oauth:request_uri:x"},
        {"filler": "x" * jar.MAX_LENGTH},
        {"state": "half a pair: \ud800"},
    ],
)
def test_an_object_that_does_not_say_what_it_must_is_refused(signer, claims):
    signed = request_object(signer, **claims)

    with pytest.raises(InvalidRequestObject) as refused:
        jar.parameters(signer, signed, named(signer))

    assert flow.DESCRIPTION.fullmatch(refused.value.description)


@pytest.mark.parametrize("left_out", [("exp",), ("client_id",), ("exp", "client_id")])
def test_what_may_be_left_out_of_an_object(consenting_browser, signer, left_out):
    """OIDC Core §6.1, RFC 9101 §4; mod_auth_openidc #1137."""
    signed = request_object(signer, **dict.fromkeys(left_out))

    answer = flow.answer_of(ask(consenting_browser, signer, signed))

    assert "code" in answer
    assert answer["state"] == "state-123"
    pushed = flow.post_as(signer, flow.PAR, {"request": signed})
    assert pushed.status_code == 201


def test_an_object_without_client_id_is_of_who_stands_beside_it(
    signed_in_browser, signer, public_client
):
    signed = request_object(signer, client_id=None)

    with pytest.raises(InvalidRequestObject):
        jar.parameters(public_client, signed, named(public_client))
    with pytest.raises(InvalidRequestError):  # by its signer, and another stands beside it
        jar.parameters(signer, signed, named(public_client))


def test_an_audience_among_others_will_do(signer):
    signed = request_object(signer, aud=["https://other.example", "http://localhost:8000"])

    assert jar.parameters(signer, signed, named(signer))["state"] == "state-123"


@pytest.mark.parametrize("typ", ["oauth-authz-req+jwt", "OAUTH-AUTHZ-REQ+JWT", "JWT", "jwt"])
def test_the_types_of_a_request_object_are_taken(signer, typ):
    signed = request_object(signer, header={"typ": typ})

    assert jar.parameters(signer, signed, named(signer))


@pytest.mark.parametrize("typ", ["client-authentication+jwt", "dpop+jwt", "at+jwt", "logout+jwt"])
def test_another_kind_of_token_is_no_request_object(signed_in_browser, signer, typ):
    signed = request_object(signer, header={"typ": typ})

    assert ask_beside_a_plain_one(signed_in_browser, signer, signed) == "invalid_request_object"


def test_a_client_assertion_is_no_request_object(signed_in_browser, signer):
    assertion = signed_by(signer, **flow.authorization_params(signer, flow.new_verifier()))[
        "client_assertion"
    ]

    assert ask_beside_a_plain_one(signed_in_browser, signer, assertion) == "invalid_request_object"


def test_a_request_object_is_no_client_assertion(signing_client):
    form = signed_by(signing_client, header={"kid": "its key", "typ": "oauth-authz-req+jwt"})

    response = flow.post_form(flow.TOKEN, {"grant_type": "client_credentials", **form})

    assert response.json()["error"] == "invalid_client"


def test_alg_none_is_refused(signed_in_browser, signer):
    unsigned = request_object(signer, key=None, alg="none")

    assert ask_beside_a_plain_one(signed_in_browser, signer, unsigned) == "invalid_request_object"


def test_a_mac_with_the_public_key_or_the_secret_is_refused(signed_in_browser, signer):
    public = CLIENT_KEY.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    for key in (public, signer.raw_secret.encode()):
        signed = request_object(signer, key=key, alg="HS256")
        assert ask_beside_a_plain_one(signed_in_browser, signer, signed) == "invalid_request_object"


def test_another_key_or_an_unknown_one_is_refused(signed_in_browser, signer):
    for signed in (
        request_object(signer, key=new_key()),
        request_object(signer, header={"kid": "unknown"}),
        request_object(signer)[:-8] + "AAAAAAAA",
    ):
        assert ask_beside_a_plain_one(signed_in_browser, signer, signed) == "invalid_request_object"


def test_the_registered_algorithm_is_the_only_one(signed_in_browser, signer):
    signer.metadata = {**signer.metadata, "request_object_signing_alg": "PS256"}
    signer.save()

    error = ask_beside_a_plain_one(signed_in_browser, signer, request_object(signer))

    assert error == "invalid_request_object"


@pytest.mark.parametrize("registered", ["EdDSA", "Ed25519"])
@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_an_algorithm_is_the_same_by_both_its_names(signed_in_browser, signer, registered, alg):
    key = new_key(alg)
    signer.metadata = {
        "jwks": {"keys": [{**public_jwk(key, alg), "kid": "its key"}]},
        "request_object_signing_alg": registered,
    }
    signer.full_clean()
    signer.save()

    signed = request_object(signer, key=key, alg=alg, prompt="none")
    response = flow.authorize(signed_in_browser, signer, request=signed)

    assert flow.answer_of(response)["error"] == "consent_required"


def test_a_client_without_keys_can_sign_nothing(signed_in_browser, confidential_client):
    signed = request_object(confidential_client)

    assert (
        ask_beside_a_plain_one(signed_in_browser, confidential_client, signed)
        == "invalid_request_object"
    )


def test_an_encrypted_object_is_refused_with_words(signed_in_browser, signer):
    response = flow.authorize(signed_in_browser, signer, request="a.b.c.d.e")

    answer = flow.answer_of(response)
    assert answer["error"] == "invalid_request_object"
    assert "encrypted" in answer["error_description"]


@pytest.mark.parametrize("beside", [{}, {"redirect_uri": "https://evil.example/"}])
def test_a_redirect_uri_inside_a_bad_object_is_not_trusted(signed_in_browser, signer, beside):
    signed = request_object(signer, key=new_key())

    response = ask(signed_in_browser, signer, signed, **beside)

    assert response.status_code == 400
    assert "Location" not in response
    assert b"invalid_request_object" in response.content


def test_an_unregistered_redirect_uri_in_a_good_object_is_shown_on_a_page(
    signed_in_browser, signer
):
    signed = request_object(signer, redirect_uri="https://evil.example/")

    response = ask(signed_in_browser, signer, signed)

    assert response.status_code == 400
    assert "Location" not in response


def test_what_openid_wants_beside_the_object_must_agree(signed_in_browser, signer):
    params = flow.authorization_params(signer, flow.new_verifier(), response_type="code id_token")

    response = signed_in_browser.get(flow.AUTHORIZE, {**params, "request": request_object(signer)})

    assert flow.answer_of(response)["error"] == "invalid_request"


def test_another_client_beside_the_object_is_refused(signed_in_browser, signer, public_client):
    response = ask(signed_in_browser, public_client, request_object(signer))

    assert response.status_code == 400
    assert b"invalid_request_object" in response.content


def test_no_client_beside_the_object_is_refused(signed_in_browser, signer):
    response = ask(signed_in_browser, signer, request_object(signer), client_id=None)

    assert response.status_code == 400


def test_an_object_and_a_reference_are_refused(signed_in_browser, signer):
    response = flow.authorize(
        signed_in_browser, signer, request=request_object(signer), request_uri="https://rp.example/"
    )

    assert flow.answer_of(response)["error"] == "request_uri_not_supported"


def test_two_objects_are_refused(signed_in_browser, signer):
    params = flow.authorization_params(signer, flow.new_verifier())
    signed = request_object(signer)

    response = signed_in_browser.get(flow.AUTHORIZE, {**params, "request": [signed, signed]})

    assert flow.answer_of(response)["error"] == "invalid_request"


def test_a_client_that_must_sign_is_refused_without(consenting_browser, signer):
    signer.metadata = {**signer.metadata, "require_signed_request_object": True}
    signer.save()

    assert flow.answer_of(flow.authorize(consenting_browser, signer))["error"] == "invalid_request"
    assert "code" in flow.answer_of(ask(consenting_browser, signer, request_object(signer)))


def test_no_address_of_a_request_is_ever_fetched(signed_in_browser, signer, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("an address was asked")

    monkeypatch.setattr("socket.socket.connect", refuse)

    response = flow.authorize(
        signed_in_browser, signer, request_uri="https://rp.example/request.jwt#sha256"
    )

    assert flow.answer_of(response)["error"] == "request_uri_not_supported"


# --- a person may need longer than the object lives ----------------------------------------------


def later(monkeypatch, seconds):
    """The clock of this process, so many seconds on."""
    now = time.time
    monkeypatch.setattr("time.time", lambda: now() + seconds)


def test_the_decision_may_come_after_the_object_has_expired(signed_in_browser, signer, monkeypatch):
    response = ask(signed_in_browser, signer, request_object(signer))
    page = signed_in_browser.get(response["Location"])
    assert b'name="page"' in page.content

    later(monkeypatch, 900)

    assert "code" in flow.answer_of(flow.allow(signed_in_browser, page))


@pytest.mark.needs("accounts")
def test_the_sign_in_may_take_longer_than_the_object_lives(person, signer, monkeypatch):
    browser = Browser()
    response = ask(browser, signer, request_object(signer))
    query = dict(parse_qsl(urlsplit(response["Location"]).query))
    later(monkeypatch, 900)
    form = {"identifier": "alice@example.com", "password": PASSWORD, "next": query["next"]}

    page = browser.get(browser.post(response["Location"], form)["Location"])

    assert "code" in flow.answer_of(flow.allow(browser, page))


def test_the_time_that_a_person_may_take_ends(signed_in_browser, signer, monkeypatch):
    response = ask(signed_in_browser, signer, request_object(signer))

    later(monkeypatch, 1900)

    late = signed_in_browser.get(response["Location"])
    assert late.status_code == 400
    assert b"invalid_request_object" in late.content


def test_the_time_that_a_person_may_take_is_not_renewed(signed_in_browser, signer, monkeypatch):
    address = ask(signed_in_browser, signer, request_object(signer, prompt="login"))["Location"]
    for _ in range(3):
        address = dict(parse_qsl(urlsplit(address).query))["next"]
        later(monkeypatch, 700)
        response = signed_in_browser.get(address)
        if response.status_code == 400:
            break
        address = response["Location"]

    assert response.status_code == 400


def test_an_expired_object_is_refused_to_who_comes_first_now(
    signed_in_browser, signer, monkeypatch
):
    signed = request_object(signer)
    later(monkeypatch, 900)

    assert ask_beside_a_plain_one(signed_in_browser, signer, signed) == "invalid_request_object"


# --- vectors and hostile input --------------------------------------------------------------------


def test_the_parameters_of_the_rfcs_example(monkeypatch):
    """RFC 9101 §4: the claims of its example, signed by a key of ours, since its signature is over
    no ``exp``."""
    payload = jwt.utils.base64url_decode(EXAMPLE.split(".")[1])
    claims = json.loads(payload)
    client = Client(
        client_id="s6BhdRkqt3",
        metadata={"jwks": {"keys": [public_jwk(CLIENT_KEY)]}},
    )
    monkeypatch.setattr(jar, "issuer", lambda: "https://server.example.com")
    now = int(timezone.now().timestamp() + timedelta(minutes=5).total_seconds())
    signed = jwt.encode({**claims, "exp": now}, CLIENT_KEY, algorithm="ES256")

    params = jar.parameters(client, signed, named(client))

    assert params.dict() == {
        "response_type": "code id_token",
        "client_id": "s6BhdRkqt3",
        "redirect_uri": "https://client.example.org/cb",
        "scope": "openid",
        "state": "af0ifjsldkj",
        "nonce": "n-0S6_WzA2Mj",
        "max_age": "86400",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(max_examples=200)
@given(
    claims=st.dictionaries(
        st.sampled_from(
            [
                "iss",
                "aud",
                "exp",
                "nbf",
                "iat",
                "jti",
                "sub",
                "scope",
                "state",
                "nonce",
                "max_age",
                "response_type",
                "response_mode",
                "redirect_uri",
                "client_id",
                "resource",
                "prompt",
                "code_challenge",
                "acr_values",
                "request",
                "x",
            ]
        ),
        JSON,
        max_size=4,
    )
)
def test_an_object_of_anything_gets_an_answer(signed_in_browser, signer, claims):
    """Signed by the client, but of any content: an error page or an answer, never a 500."""
    try:
        signed = request_object(signer, **claims)
    except (TypeError, ValueError):
        return

    response = ask(signed_in_browser, signer, signed)

    assert response.status_code in (200, 302, 400)


@settings(max_examples=100)
@given(signed=st.text(max_size=60))
def test_text_of_anything_is_no_object(signed_in_browser, signer, signed):
    response = ask(signed_in_browser, signer, signed)

    assert response.status_code == 400


def test_a_deeply_nested_object_is_refused(signed_in_browser, signer):
    deep = base64.urlsafe_b64encode(b"[" * 1500).rstrip(b"=").decode()

    assert (
        ask_beside_a_plain_one(signed_in_browser, signer, f"{deep}.{deep}.")
        == "invalid_request_object"
    )
