"""ID tokens by HS256, keyed by the client's secret (OIDC Core §10.1), and the attacks of RFC 8725
on them."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.exceptions import ValidationError

from oauth import id_token, jws, keys
from oauth.issuer import issuer
from oauth.models import Client, Grant
from ostiary.models import Event
from tests.oauth import flow
from tests.oauth.assertions import signed_by
from tests.oauth.conftest import SIGNS_PEOPLE_IN, make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(confidential_client):
    """A client whose ID tokens are signed with its secret."""
    confidential_client.id_token_signed_response_alg = "HS256"
    confidential_client.full_clean()
    confidential_client.raw_secret = confidential_client.rotate_secret()
    confidential_client.save()
    return confidential_client


def claims_for(client, **claims):
    now = int(time.time())
    return {
        "iss": issuer(),
        "sub": "somebody",
        "aud": client.client_id,
        "exp": now + 60,
        "iat": now,
        **claims,
    }


def forged(client, secret, **claims):
    headers = {"typ": "JWT", **claims.pop("headers", {})}
    return jwt.encode(claims_for(client, **claims), secret, algorithm="HS256", headers=headers)


def test_it_is_signed_with_the_secret(signed_in_browser, client):
    tokens = flow.sign_in_tokens(signed_in_browser, client)

    claims = jwt.decode(
        tokens["id_token"], client.raw_secret, algorithms=["HS256"], audience=client.client_id
    )
    assert claims["at_hash"] == id_token.half_hash(tokens["access_token"], "RS256")
    header = jwt.get_unverified_header(tokens["id_token"])
    assert header == {"alg": "HS256", "typ": "JWT"}


def test_its_own_hint_is_taken_also_with_the_secret_before(signed_in_browser, client):
    hint = flow.sign_in_tokens(signed_in_browser, client)["id_token"]
    assert id_token.verify_hint(hint)["aud"] == client.client_id

    client.rotate_secret()
    client.save()

    assert id_token.verify_hint(hint)["aud"] == client.client_id
    answer = flow.authorize(signed_in_browser, client, id_token_hint=hint, prompt="none")
    assert "code" in flow.answer_of(answer)


def test_a_public_key_is_no_secret(confidential_client, client):
    """RFC 8725 §2.1: the key set is known to all, and so signs nothing by HS256."""
    for alg, public_key in keys.keyset().verifiers.values():
        pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for secret in (pem, pem.strip()):
            # PyJWT refuses to sign with a PEM: as an attacker would, by hand.
            token = _by_hand(claims_for(client), secret)
            with pytest.raises(jwt.InvalidTokenError):
                id_token.verify_hint(token)
            with pytest.raises(jwt.InvalidTokenError):
                jws.verify(token, typ="JWT", issuer=issuer(), audience=None)
        assert alg != "HS256"


def _by_hand(claims, secret):
    import base64
    import hashlib
    import hmac
    import json

    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    kid = next(iter(keys.keyset().verifiers))
    header = {"alg": "HS256", "typ": "JWT", "kid": kid}
    signed = part(json.dumps(header).encode()) + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.digest(secret, signed, hashlib.sha256))).decode()


def test_the_hash_of_the_secret_is_no_secret(client):
    for key in (client.secret_hash, bytes.fromhex(client.secret_hash), b"\x00" * 32):
        with pytest.raises(jwt.InvalidTokenError):
            id_token.verify_hint(forged(client, key))


def test_another_clients_secret_makes_no_hint_for_this_one(client):
    other = make_client(
        name="Other",
        client_type=Client.CLIENT_CONFIDENTIAL,
        redirect_uris="https://other.example/",
        id_token_signed_response_alg="HS256",
        **SIGNS_PEOPLE_IN,
    )

    with pytest.raises(jwt.InvalidTokenError):
        id_token.verify_hint(forged(client, other.raw_secret))
    with pytest.raises(jwt.InvalidTokenError):
        id_token.verify_hint(forged(client, client.raw_secret, aud=[client.client_id]))


def test_a_client_of_another_algorithm_has_no_such_hints(client):
    """Also not where its secret is readable for another purpose."""
    token = forged(client, client.raw_secret)
    assert id_token.verify_hint(token)
    client.id_token_signed_response_alg = "RS256"
    client.token_endpoint_auth_methods = ["client_secret_jwt"]
    client.full_clean()
    client.save()
    assert client.shared_secret() == client.raw_secret

    with pytest.raises(jwt.InvalidTokenError):
        id_token.verify_hint(token)


@pytest.mark.parametrize(
    "wrong", [{"iss": "https://evil.example"}, {"exp": None}, {"iat": None}, {"aud": "nobody"}]
)
def test_what_lacks_a_claim_or_is_anothers_is_no_hint(client, wrong):
    claims = {name: value for name, value in claims_for(client, **wrong).items() if value}

    with pytest.raises(jwt.InvalidTokenError):
        id_token.verify_hint(jwt.encode(claims, client.raw_secret, algorithm="HS256"))


def test_neither_an_assertion_nor_signed_userinfo_is_a_hint(signed_in_browser, client):
    client.metadata = {"userinfo_signed_response_alg": "HS256"}
    client.save()
    tokens = flow.sign_in_tokens(signed_in_browser, client)
    told = flow.userinfo(tokens["access_token"]).content.decode()
    assertion = signed_by(client, key=client.raw_secret, alg="HS256")["client_assertion"]

    for token in (told, assertion):
        with pytest.raises(jwt.InvalidTokenError):
            id_token.verify_hint(token)


@pytest.mark.parametrize("token", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", ""])
def test_alg_none_and_nonsense_are_no_hints(token):
    with pytest.raises(jwt.InvalidTokenError):
        id_token.verify_hint(token)


def test_it_is_never_an_access_token(client):
    token = forged(client, client.raw_secret, headers={"typ": "at+jwt"}, scope="openid")

    assert flow.userinfo(token).status_code == 401


def test_a_public_client_can_not_have_them(public_client):
    public_client.id_token_signed_response_alg = "HS256"

    with pytest.raises(ValidationError) as refused:
        public_client.full_clean()

    assert "id_token_signed_response_alg" in refused.value.message_dict


def test_where_only_the_hash_is_kept_nothing_is_signed_and_nothing_used_up(
    signed_in_browser, confidential_client
):
    code, verifier = flow.obtain_code(signed_in_browser, confidential_client)
    Client.objects.update(id_token_signed_response_alg="HS256")

    answer = flow.redeem(confidential_client, code, verifier)

    assert answer.json()["error"] == "temporarily_unavailable"
    assert Event.objects.get(kind="client.key_unavailable").details["alg"] == "HS256"
    assert Grant.objects.get().redeemed_at is None
