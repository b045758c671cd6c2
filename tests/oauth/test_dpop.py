"""DPoP (RFC 9449): a token is worth nothing without its key (SECURITY B1, B3, B7)."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.test import Client as Browser

from oauth import dpop, jwk
from oauth.issuer import endpoint
from oauth.models import RefreshToken
from oauth.resource_server.dpop import NONCE_SECONDS, ath
from tests.oauth import flow
from tests.oauth.assertions import make_proof, new_key, public_jwk
from tests.oauth.conftest import API
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

# RFC 9449 §4.1 and §7.1
TOKEN_REQUEST_PROOF = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo"
    "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW"
    "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsIm"
    "h0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg"
    "8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
RESOURCE_PROOF = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo"
    "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW"
    "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR"
    "1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOC"
    "wiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-"
    "Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
RESOURCE_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
THUMBPRINT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def jkt_of(key):
    return jwk.thumbprint(public_jwk(key))


def post_with(proof, client, **params):
    """A token request with a proof."""
    if client.is_public:
        params["client_id"] = client.client_id
        return flow.post_form(flow.TOKEN, params, dpop=proof)
    authorization = flow.basic(client.client_id, client.raw_secret)
    return flow.post_form(flow.TOKEN, params, authorization, dpop=proof)


def redeem_with(proof, client, code, verifier):
    return post_with(
        proof,
        client,
        grant_type="authorization_code",
        code=code,
        redirect_uri=client.redirect_uris.split()[0],
        code_verifier=verifier,
    )


def refresh_with(proof, client, token):
    return post_with(proof, client, grant_type="refresh_token", refresh_token=token)


def userinfo_with(token, scheme="DPoP", **headers):
    return Browser().get(flow.USERINFO, headers={"authorization": f"{scheme} {token}", **headers})


def proof_for_userinfo(key, token, **claims):
    return make_proof(key, method="GET", url=endpoint("userinfo"), **{"ath": ath(token), **claims})


@pytest.fixture
def key():
    """The key of a client."""
    return new_key()


@pytest.fixture
def bound(signed_in_browser, public_client, key):
    """The tokens of a sign-in at a public client, bound to its key."""
    code, verifier = flow.obtain_code(signed_in_browser, public_client)
    return redeem_with(make_proof(key), public_client, code, verifier).json()


# --- the proof ---------------------------------------------------------------------------------


def test_the_examples_of_the_rfc(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1562262617.0)

    assert (
        dpop.verify(TOKEN_REQUEST_PROOF, method="POST", url="https://server.example.com/token")
        == THUMBPRINT
    )
    assert (
        dpop.verify(
            RESOURCE_PROOF,
            method="GET",
            url="https://resource.example.org/protectedresource",
            access_token=RESOURCE_TOKEN,
        )
        == THUMBPRINT
    )


@pytest.mark.parametrize("alg", dpop.ALGORITHMS)
def test_every_advertised_algorithm_is_taken(alg, service_client):
    proof = make_proof(new_key(alg), alg=alg)

    answer = post_with(proof, service_client, grant_type="client_credentials")

    assert answer.json()["token_type"] == "DPoP"


ANOTHER = ec.generate_private_key(ec.SECP256R1())
BAD = {
    "another method": {"htm": "GET"},
    "another address": {"url": "https://elsewhere.example/oauth/token"},
    "no address": {"htu": None},
    "an address that is none": {"htu": "http://[/oauth/token"},
    "an address with a user name": {"htu": "http://a@localhost:8000/oauth/token"},
    "an address that is no text": {"htu": 7},
    "too old": {"iat": 1},
    "of the future": {"iat": 2**40},
    "of a future beyond floating point": {"iat": 10**400},
    "an iat that is no number": {"iat": "now"},
    "an iat that is true": {"iat": True},
    "no iat": {"iat": None},
    "no jti": {"jti": None},
    "an empty jti": {"jti": ""},
    "a jti that is no text": {"jti": 7},
    "another typ": {"header": {"typ": "JWT"}},
    "no jwk": {"header": {"jwk": None}},
    "a jwk that is no object": {"header": {"jwk": "x"}},
    "the jwk of another key": {"header": {"jwk": public_jwk(ANOTHER)}},
    "a private jwk": {"header": {"jwk": {**public_jwk(ANOTHER), "d": "AQ"}}},
    "a symmetric jwk": {"header": {"jwk": {"kty": "oct", "k": "AQ"}}},
    "a jwk of another type": {"header": {"jwk": {**public_jwk(ANOTHER), "kty": "RSA"}}},
    "a jwk of another curve": {"header": {"jwk": {**public_jwk(ANOTHER), "crv": "P-521"}}},
    "a jwk off the curve": {"header": {"jwk": {**public_jwk(ANOTHER), "x": "AQ"}}},
    "a jwk of nonsense": {"header": {"jwk": {**public_jwk(ANOTHER), "x": {"a": 1}}}},
    "critical headers": {"header": {"crit": ["x"], "x": 1}},
}


@pytest.mark.parametrize("wrong", BAD.values(), ids=BAD)
def test_a_wrong_proof_is_refused(wrong, key, service_client):
    answer = post_with(make_proof(key, **wrong), service_client, grant_type="client_credentials")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize("proof", ["", "x", "a.b.c", "." * 5, "é", "e30.e30.", "x" * 6000])
def test_what_is_no_jwt_is_no_proof(proof, service_client):
    answer = post_with(proof, service_client, grant_type="client_credentials")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


def test_two_proofs_are_none(key, service_client):
    two = f"{make_proof(key)}, {make_proof(key)}"

    answer = post_with(two, service_client, grant_type="client_credentials")

    assert answer.json()["error"] == "invalid_dpop_proof"


def test_neither_none_nor_a_mac_is_an_algorithm_for_a_proof(service_client):
    for alg, secret in (("none", None), ("HS256", "k" * 32)):
        claims = {"jti": "a", "htm": "POST", "htu": endpoint("token"), "iat": int(time.time())}
        header = {"typ": "dpop+jwt", "jwk": {"kty": "oct", "k": "a2tr"}}
        proof = jwt.encode(claims, secret, algorithm=alg, headers=header)

        answer = post_with(proof, service_client, grant_type="client_credentials")

        assert answer.json()["error"] == "invalid_dpop_proof"


def test_a_small_rsa_key_is_refused(service_client):
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505

    answer = post_with(
        make_proof(small, alg="RS256"), service_client, grant_type="client_credentials"
    )

    assert answer.json()["error"] == "invalid_dpop_proof"


def test_the_address_is_compared_without_query_and_case_of_the_host(key, service_client):
    for htu in (f"{endpoint('token')}?a=b#c", endpoint("token").replace("http", "HTTP")):
        proof = make_proof(key, htu=htu)

        answer = post_with(proof, service_client, grant_type="client_credentials")

        assert answer.status_code == 200


def test_a_proof_is_used_once(key, service_client):
    proof = make_proof(key)

    answers = [post_with(proof, service_client, grant_type="client_credentials") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json()["error"] == "invalid_dpop_proof"


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_uses_of_one_proof_one_wins(key, service_client):
    proof = make_proof(key)

    answers = at_once(lambda: post_with(proof, service_client, grant_type="client_credentials"))

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49


# --- tokens ------------------------------------------------------------------------------------


def test_a_proof_binds_the_access_token(bound, key):
    assert bound["token_type"] == "DPoP"
    assert flow.said_by(bound["access_token"])["cnf"] == {"jkt": jkt_of(key)}


def test_without_a_proof_the_token_is_a_bearer_token(signed_in_browser, confidential_client):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    assert tokens["token_type"] == "Bearer"
    assert "cnf" not in flow.said_by(tokens["access_token"])


def test_a_public_clients_refresh_token_is_bound_to_its_key(bound, public_client, key):
    token = bound["refresh_token"]
    without = flow.refresh(public_client, token)
    by_another = refresh_with(make_proof(new_key()), public_client, token)

    assert without.json()["error"] == by_another.json()["error"] == "invalid_grant"
    assert refresh_with(make_proof(key), public_client, token).json()["token_type"] == "DPoP"
    assert RefreshToken.objects.get().generation == 1


def test_a_confidential_clients_refresh_token_goes_with_any_key(
    signed_in_browser, confidential_client, key
):
    code, verifier = flow.obtain_code(signed_in_browser, confidential_client)
    tokens = redeem_with(make_proof(key), confidential_client, code, verifier).json()
    other = new_key()

    answer = refresh_with(make_proof(other), confidential_client, tokens["refresh_token"]).json()

    assert flow.said_by(answer["access_token"])["cnf"] == {"jkt": jkt_of(other)}


def test_a_code_for_a_key_needs_that_key(signed_in_browser, public_client, key):
    code, verifier = flow.obtain_code(signed_in_browser, public_client, dpop_jkt=jkt_of(key))

    without = flow.redeem(public_client, code, verifier)
    by_another = redeem_with(make_proof(new_key()), public_client, code, verifier)

    assert without.json()["error"] == by_another.json()["error"] == "invalid_grant"
    assert redeem_with(make_proof(key), public_client, code, verifier).status_code == 200


def test_a_dpop_jkt_that_is_no_thumbprint_is_an_invalid_request(signed_in_browser, public_client):
    answer = flow.answer_of(flow.authorize(signed_in_browser, public_client, dpop_jkt="x"))

    assert answer["error"] == "invalid_request"


def test_a_client_registered_for_bound_tokens_gets_no_others(key, service_client):
    service_client.metadata = {"dpop_bound_access_tokens": True}
    service_client.save()

    without = flow.post_token(service_client, grant_type="client_credentials")

    assert (without.status_code, without.json()["error"]) == (400, "invalid_request")
    proof = make_proof(key)
    assert post_with(proof, service_client, grant_type="client_credentials").status_code == 200


# --- UserInfo ----------------------------------------------------------------------------------


def test_userinfo_takes_a_bound_token_with_its_proof(bound, key, person):
    token = bound["access_token"]

    answer = userinfo_with(token, dpop=proof_for_userinfo(key, token))

    assert answer.json()["email"] == person.email


def test_userinfo_refuses_a_bound_token_without_the_proof_of_its_key(bound, key):
    token = bound["access_token"]
    good = proof_for_userinfo(key, token)
    refused = {
        "invalid_token": [
            userinfo_with(token, "Bearer"),
            userinfo_with(token, "Bearer", dpop=good),
            userinfo_with(token, dpop=proof_for_userinfo(new_key(), token)),
        ],
        "invalid_dpop_proof": [
            userinfo_with(token),
            userinfo_with(token, dpop=proof_for_userinfo(key, "another")),
            userinfo_with(token, dpop=proof_for_userinfo(key, token, ath=None)),
            userinfo_with(token, dpop=proof_for_userinfo(key, token, htm="POST")),
            userinfo_with(token, dpop=make_proof(key)),
        ],
    }
    for error, answers in refused.items():
        for answer in answers:
            assert answer.status_code == 401
            challenge = answer["WWW-Authenticate"]
            assert f'DPoP realm="userinfo", algs="{" ".join(dpop.ALGORITHMS)}"' in challenge
            assert f'error="{error}"' in challenge


def test_userinfo_takes_a_proof_once(bound, key):
    token = bound["access_token"]
    proof = proof_for_userinfo(key, token)

    assert [userinfo_with(token, dpop=proof).status_code for _ in range(2)] == [200, 401]


def test_userinfo_refuses_a_bearer_token_as_a_bound_one(
    signed_in_browser, confidential_client, key
):
    token = flow.sign_in_tokens(signed_in_browser, confidential_client)["access_token"]

    assert userinfo_with(token, dpop=proof_for_userinfo(key, token)).status_code == 401


# --- the server's nonce ------------------------------------------------------------------------


@pytest.fixture
def nonces(settings):
    """The site wants its nonce in every proof."""
    settings.OSTIARY_OAUTH = {"DPOP_NONCE_REQUIRED": True}


def test_a_proof_without_the_nonce_is_told_it(nonces, key, service_client):
    without = post_with(make_proof(key), service_client, grant_type="client_credentials")

    assert (without.status_code, without.json()["error"]) == (400, "use_dpop_nonce")
    proof = make_proof(key, nonce=without["DPoP-Nonce"])
    answer = post_with(proof, service_client, grant_type="client_credentials")
    assert answer.status_code == 200
    assert answer["DPoP-Nonce"]
    assert "DPoP-Nonce" in answer["Access-Control-Expose-Headers"]


def test_userinfo_tells_the_nonce_too(bound, key, settings):
    settings.OSTIARY_OAUTH = {"DPOP_NONCE_REQUIRED": True}
    token = bound["access_token"]

    without = userinfo_with(token, dpop=proof_for_userinfo(key, token))

    assert without.status_code == 401
    assert 'error="use_dpop_nonce"' in without["WWW-Authenticate"]
    proof = proof_for_userinfo(key, token, nonce=without["DPoP-Nonce"])
    assert userinfo_with(token, dpop=proof).status_code == 200


def test_a_nonce_ends(nonces, key, service_client, monkeypatch):
    old = dpop.new_nonce()
    later = time.time() + 2 * NONCE_SECONDS
    monkeypatch.setattr("time.time", lambda: later)

    for nonce in (old, "x", 7):
        proof = make_proof(key, nonce=nonce)
        answer = post_with(proof, service_client, grant_type="client_credentials")
        assert answer.json()["error"] == "use_dpop_nonce"


def test_a_bound_token_for_an_api_says_so_too(service_client, key):
    answer = post_with(
        make_proof(key), service_client, grant_type="client_credentials", resource=API
    )

    claims = flow.said_by(answer.json()["access_token"])
    assert (claims["aud"], claims["cnf"]) == (API, {"jkt": jkt_of(key)})
