"""Whatever is sent as an authenticator's answer is refused in words, and never a fault of ours."""

import json

import pytest
from django.test import Client as Browser
from fido2 import cbor
from fido2.utils import websafe_decode, websafe_encode
from hypothesis import given, settings
from hypothesis import strategies as st

from passkeys import ceremonies
from passkeys.ceremonies import Purpose
from passkeys.models import Credential
from passkeys.verification import CeremonyRefused
from tests.passkeys import ceremony, flow
from tests.passkeys.authenticator import SYNCED, Authenticator

pytestmark = pytest.mark.django_db

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]
like_an_answer = st.fixed_dictionaries(
    {},
    optional={
        "id": anything,
        "rawId": anything,
        "type": anything,
        "clientExtensionResults": anything,
        "response": anything | st.fixed_dictionaries({}, optional=dict.fromkeys(names, anything)),
    },
)
cborish = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63) | st.binary(max_size=40) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.integers(-5, 5) | st.sampled_from(["fmt", "authData", "attStmt"]), inner
        )
    ),
    max_leaves=10,
)


@given(answer=anything | like_an_answer)
@settings(max_examples=150)
def test_an_answer_of_anything_is_refused(person, answer):
    request = ceremony.browser()
    for finish in (
        lambda: ceremonies.finish_registration(request, person, answer),
        lambda: ceremonies.finish_authentication(request, answer, Purpose.SIGN_IN),
    ):
        with pytest.raises(CeremonyRefused):
            finish()


def damaged(whole: bytes, at: int, how: str, by: bytes) -> bytes:
    """The bytes with some of them cut off, replaced or put in between."""
    at %= len(whole) + 1
    after = {"cut": b"", "replace": by + whole[at + len(by) :], "insert": by + whole[at:]}
    return whole[:at] + after[how]


@given(
    field=st.sampled_from(["clientDataJSON", "attestationObject"]),
    at=st.integers(0, 1000),
    how=st.sampled_from(["cut", "replace", "insert"]),
    by=st.binary(min_size=1, max_size=9),
)
@settings(max_examples=150)
def test_a_damaged_registration_is_refused_or_makes_a_passkey(person, field, at, how, by):
    request = ceremony.browser()
    answer = Authenticator().create(ceremonies.begin_registration(request, person))
    whole = websafe_decode(answer["response"][field])
    answer["response"][field] = websafe_encode(damaged(whole, at, how, by))
    try:
        credential = ceremonies.finish_registration(request, person, answer)
    except CeremonyRefused:
        return
    assert credential.user == person
    credential.delete()


@given(
    field=st.sampled_from(["clientDataJSON", "authenticatorData", "signature", "userHandle"]),
    at=st.integers(0, 500),
    how=st.sampled_from(["cut", "replace", "insert"]),
    by=st.binary(min_size=1, max_size=9),
)
@settings(max_examples=150)
def test_one_damaged_byte_of_an_assertion_is_refused(person, field, at, how, by):
    Credential.objects.all().delete()  # an example leaves what the one before has made
    passkey = Authenticator(flags=SYNCED)
    ceremony.register(person, passkey)
    request = ceremony.browser()
    answer = passkey.get(ceremonies.begin_authentication(request, None, Purpose.SIGN_IN))
    whole = websafe_decode(answer["response"][field])
    changed = damaged(whole, at, how, by)
    answer["response"][field] = websafe_encode(changed)
    try:
        ceremonies.finish_authentication(request, answer, Purpose.SIGN_IN)
    except CeremonyRefused:
        return
    assert changed == whole


@given(told=cborish, raw=st.binary(max_size=60))
@settings(max_examples=150)
def test_cbor_of_anything_is_refused(person, told, raw):
    for whole in (cbor.encode(told), raw):
        request = ceremony.browser()
        options = ceremonies.begin_registration(request, person)
        answer = Authenticator().create(options, attestation_object=whole)
        with pytest.raises(CeremonyRefused):
            ceremonies.finish_registration(request, person, answer)


@pytest.mark.parametrize(
    "whole",
    [
        b"\x9b" + b"\xff" * 8,  # an array that says it is endless
        b"\xbb" + b"\xff" * 8,
        b"\x5b" + b"\xff" * 8,
        b"\x81" * 30_000,  # one in the other
        b"\x99\x75\x30" + b"\x00" * 30_000,  # a long one
        b"\xa1" * 30_000,
    ],
)
def test_cbor_that_is_made_to_cost_is_refused(person, whole):
    request = ceremony.browser()
    options = ceremonies.begin_registration(request, person)
    answer = Authenticator().create(options, attestation_object=whole)

    with pytest.raises(CeremonyRefused, match="malformed"):
        ceremonies.finish_registration(request, person, answer)


@given(answer=anything | like_an_answer)
@settings(max_examples=40)
def test_no_answer_sent_to_a_page_or_to_the_api_is_a_fault_of_ours(answer):
    browser = Browser(raise_request_exception=True)

    assert flow.send(browser, flow.SIGN_IN, answer).status_code == 400
    told = json.dumps({"purpose": "signin", "credential": answer, "next": answer})
    sent = browser.post("/api/passkeys/authentication/", told, content_type="application/json")
    assert sent.status_code == 400


def test_an_answer_that_is_too_long_or_too_deep_is_refused():
    for answer in ("x" * 70_000, "[" * 60_000, '{"a":' * 10_000):
        page = Browser().post(flow.SIGN_IN, {"answer": answer})
        assert page.status_code == 400
