"""Proof Key for Code Exchange (RFC 7636; SECURITY A3, H12)."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError

from oauth import pkce
from tests.oauth import flow

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_example_of_rfc_7636_appendix_b():
    assert pkce.challenge_of(VERIFIER) == CHALLENGE
    assert pkce.check_challenge(CHALLENGE, "S256") == CHALLENGE
    pkce.check_verifier(VERIFIER, CHALLENGE)


@pytest.mark.parametrize(
    "verifier",
    [
        None,
        "",
        CHALLENGE,  # what `plain` would compare
        VERIFIER[:-1],
        VERIFIER[:42],
        VERIFIER + "=",
        VERIFIER + "\n",
        VERIFIER.upper(),
        "a" * 129,
        "é" * 43,
        "a" * 42 + " ",
    ],
)
def test_any_other_verifier_is_refused(verifier):
    with pytest.raises(InvalidGrantError):
        pkce.check_verifier(verifier, CHALLENGE)


@pytest.mark.parametrize("verifier", [VERIFIER, CHALLENGE, "", None])
def test_a_verifier_where_no_challenge_was_sent_is_refused(verifier):
    """No request is taken without a challenge; a code that had none would be good for nobody."""
    with pytest.raises(InvalidGrantError):
        pkce.check_verifier(verifier, "")


@pytest.mark.parametrize("verifier", ["a" * 43, "A0-._~" * 20, "~" * 128])
def test_verifiers_of_every_allowed_length_and_character_are_taken(verifier):
    pkce.check_verifier(verifier, pkce.challenge_of(verifier))


@given(st.one_of(st.none(), st.text()), st.one_of(st.none(), st.text()))
def test_whatever_is_sent_gets_the_errors_of_the_rfc(first, second):
    with contextlib.suppress(InvalidRequestError):
        assert pkce.check_challenge(first, second) == first
    with pytest.raises(InvalidGrantError):
        pkce.check_verifier(first, CHALLENGE)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["confidential", "public"])
@pytest.mark.parametrize("verifier", [None, "", "challenge", "another"])
def test_a_code_is_not_redeemed_without_its_verifier(
    signed_in_browser, confidential_client, public_client, kind, verifier
):
    client = confidential_client if kind == "confidential" else public_client
    code, right = flow.obtain_code(signed_in_browser, client)
    wrong = {"challenge": pkce.challenge_of(right), "another": flow.new_verifier()}

    refused = flow.redeem(client, code, right, code_verifier=wrong.get(verifier, verifier))

    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_grant"
    # A wrong guess costs the client nothing.
    assert flow.redeem(client, code, right).status_code == 200
