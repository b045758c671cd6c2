"""Encryption to a client's own key (RFC 7516, RFC 7518)."""

import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwe as jose_jwe
from joserfc._rfc7518.derive_key import derive_key_for_concat_kdf
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from oauth import client_keys, jwe
from oauth.jwk import ENCRYPTION_ALGS, ENCRYPTION_ENCS
from oauth.models import Client, Grant, RefreshToken
from ostiary.models import Event
from tests.oauth import flow
from tests.oauth.assertions import public_jwk
from tests.oauth.far_end import far_end
from tests.oauth.test_device import GRANT_TYPE, decide, poll, start

RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
SMALL = public_jwk(rsa.generate_private_key(65537, 1024), "RS256")  # noqa: S505  (to be refused)
X25519 = OKPKey.generate_key("X25519")


def public(key, **more):
    return {**key.as_dict(private=False), **more}


def opened(token, key):
    return jose_jwe.decrypt_compact(token, key, algorithms=[*ENCRYPTION_ALGS, *ENCRYPTION_ENCS])


# --- to a key ----------------------------------------------------------------------------------


@pytest.mark.parametrize("enc", ENCRYPTION_ENCS)
@pytest.mark.parametrize(
    ("alg", "key"),
    [
        ("RSA-OAEP-256", RSA),
        ("ECDH-ES", EC),
        ("ECDH-ES+A256KW", EC),
        ("ECDH-ES", ECKey.generate_key("P-521")),
        ("ECDH-ES+A256KW", X25519),
    ],
)
def test_what_was_encrypted_to_a_key_is_opened_by_its_owner(alg, key, enc):
    token = jwe.encrypt(
        "a.b.c", jwe.recipient_key(public(key), alg), kid="1", alg=alg, enc=enc, cty="JWT"
    )

    found = opened(token, key)

    assert found.plaintext == b"a.b.c"
    assert found.protected["alg"] == alg
    assert found.protected["enc"] == enc
    assert found.protected["kid"] == "1"


def test_the_key_agreed_on_is_that_of_rfc_7518_appendix_c():
    """Alice's ephemeral key and Bob's agree on the key of the example, by the library we use."""
    alice = ECKey.import_key(
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
            "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
            "d": "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo",
        }
    )
    bob = {
        "kty": "EC",
        "crv": "P-256",
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    }
    shared = alice.exchange_derive_key(jwe.recipient_key(bob, "ECDH-ES"))
    header = {"alg": "ECDH-ES", "enc": "A128GCM", "apu": "QWxpY2U", "apv": "Qm9i"}
    derived = derive_key_for_concat_kdf(shared, header, 128, None)

    assert derived.hex() == "56aa8deaf8236d205c2228cd71a7101a"


@pytest.mark.parametrize(
    ("jwk", "alg"),
    [
        (public(RSA, use="sig"), "RSA-OAEP-256"),
        (public(RSA, alg="RSA-OAEP"), "RSA-OAEP-256"),
        (public(EC), "RSA-OAEP-256"),
        (public(RSA), "ECDH-ES"),
        (SMALL, "RSA-OAEP-256"),
        (EC.as_dict(private=True), "ECDH-ES"),
        (OctKey.generate_key(256).as_dict(private=True), "ECDH-ES"),
        (public(OKPKey.generate_key("Ed25519")), "ECDH-ES"),
        ({**public(EC), "x": "AAAA"}, "ECDH-ES"),
        ({**public(EC), "x": 1}, "ECDH-ES"),
        ({**public(EC), "y": public(ECKey.generate_key("P-256"))["y"]}, "ECDH-ES"),
        ({"kty": "EC", "crv": "P-256"}, "ECDH-ES"),
        ({"kty": "nonsense"}, "ECDH-ES"),
        ({}, "RSA-OAEP-256"),
        ("text", "RSA-OAEP-256"),
        (None, "RSA-OAEP-256"),
    ],
)
def test_nothing_is_encrypted_to_another_sort_of_key(jwk, alg):
    with pytest.raises(jwt.InvalidKeyError):
        jwe.recipient_key(jwk, alg)


# --- to a client -------------------------------------------------------------------------------


def test_the_key_of_a_client_is_the_one_for_encryption():
    client = Client(
        metadata={
            "jwks": {
                "keys": [
                    public(EC, kid="to sign", use="sig"),
                    public(RSA, kid="of another kind"),
                    public(EC, kid="of another algorithm", alg="ECDH-ES"),
                    public(EC, kid="right", use="enc", alg="ECDH-ES+A256KW"),
                ]
            }
        }
    )

    found = client_keys.find_recipient(client, alg="ECDH-ES+A256KW")

    assert found is not None
    assert found[1] == "right"


@pytest.fixture
def end():
    with far_end() as serving:
        yield serving


@pytest.fixture
def client(confidential_client):
    """A client that gets ID tokens encrypted."""
    confidential_client.metadata = {
        "id_token_encrypted_response_alg": "ECDH-ES",
        "jwks": {"keys": [public(EC, kid="k")]},
    }
    confidential_client.full_clean()
    confidential_client.save()
    return confidential_client


def inner(token):
    found = opened(token, EC)
    assert found.protected["cty"] == "JWT"
    return flow.said_by(found.plaintext.decode())


@pytest.mark.django_db
def test_id_tokens_are_encrypted_at_sign_in_and_at_refresh(signed_in_browser, client):
    tokens = flow.sign_in_tokens(signed_in_browser, client)
    again = flow.refresh(client, tokens["refresh_token"]).json()

    for each in (tokens, again):
        assert opened(each["id_token"], EC).protected["enc"] == "A128CBC-HS256"
        assert inner(each["id_token"])["aud"] == client.client_id
        assert each["access_token"].count(".") == 2


@pytest.mark.django_db
def test_the_id_token_of_the_hybrid_flow_is_encrypted(signed_in_browser, client):
    client.metadata = {**client.metadata, "response_types": ["code", "code id_token"]}
    client.save()
    flow.obtain_code(signed_in_browser, client)

    answer = flow.authorize(signed_in_browser, client, response_type="code id_token")

    assert "c_hash" in inner(flow.answer_of(answer)["id_token"])


@pytest.mark.django_db
def test_the_id_token_of_a_device_is_encrypted(signed_in_browser, client):
    client.grant_types = [*client.grant_types, GRANT_TYPE]
    client.save()
    started = start(client)
    decide(signed_in_browser, started["user_code"], "allow")

    assert inner(poll(client, started).json()["id_token"])["aud"] == client.client_id


@pytest.mark.django_db
def test_content_is_encrypted_as_registered(signed_in_browser, client):
    client.metadata = {**client.metadata, "id_token_encrypted_response_enc": "A256GCM"}
    client.save()

    token = flow.sign_in_tokens(signed_in_browser, client)["id_token"]

    assert opened(token, EC).protected["enc"] == "A256GCM"


@pytest.mark.django_db
def test_keys_are_taken_from_the_address_of_the_client(signed_in_browser, client, end):
    end.body = json.dumps({"keys": [public(EC, kid="there")]}).encode()
    client.metadata = {"id_token_encrypted_response_alg": "ECDH-ES", "jwks_uri": end.url}
    client.save()

    token = flow.sign_in_tokens(signed_in_browser, client)["id_token"]

    assert opened(token, EC).protected["kid"] == "there"


@pytest.mark.django_db
def test_without_a_key_there_is_an_error_and_nothing_is_used_up(signed_in_browser, client):
    tokens = flow.sign_in_tokens(signed_in_browser, client)
    code, verifier = flow.obtain_code(signed_in_browser, client)
    good = client.metadata
    client.metadata = {**good, "jwks": {"keys": [public(RSA)]}}
    client.save()

    for refused in (
        flow.redeem(client, code, verifier),
        flow.refresh(client, tokens["refresh_token"]),
    ):
        assert refused.status_code == 400
        assert refused.json()["error"] == "temporarily_unavailable"
        assert "token" not in str(refused.json().keys())
    assert Event.objects.filter(kind="client.key_unavailable", outcome="failure").count() == 2
    assert Grant.objects.filter(revoked_at__isnull=False).count() == 0
    assert RefreshToken.objects.get().generation == 0

    client.metadata = good
    client.save()
    assert flow.redeem(client, code, verifier).status_code == 200
    assert flow.refresh(client, tokens["refresh_token"]).status_code == 200
