"""Access tokens: JWTs of RFC 9068, and what is not one (SECURITY B6; RFC 8725)."""

import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt as jose_jwt
from joserfc.jwk import KeySet

from oauth import access_token, id_token, keys
from oauth.models import SigningKey
from tests.oauth import flow
from tests.oauth.conftest import API

pytestmark = [
    pytest.mark.django_db,
    # RFC 9864 names it Ed25519; what clients know is still the name of RFC 8037.
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
]

ISSUER = "http://localhost:8000"


def b64(value) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def published() -> KeySet:
    """Our JWK Set as joserfc, which is not our library, reads it."""
    return KeySet.import_key_set(Browser().get("/.well-known/jwks.json").json())


@pytest.fixture
def tokens(signed_in_browser, confidential_client):
    return flow.sign_in_tokens(signed_in_browser, confidential_client)


@pytest.fixture
def claims(tokens):
    """The claims of a good token, to be spoilt."""
    return access_token.verify(tokens["access_token"])


def assert_refused(token):
    with pytest.raises(jwt.InvalidTokenError):
        access_token.verify(token)
    assert flow.userinfo(token).status_code == 401


# --- what is in it --------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_a_token_of_a_person_is_what_rfc_9068_says(
    signed_in_browser, confidential_client, person, alg
):
    confidential_client.access_token_signing_alg = alg
    confidential_client.save()
    token = flow.sign_in_tokens(signed_in_browser, confidential_client)["access_token"]

    verified = jose_jwt.decode(token, published(), algorithms=[alg])

    assert verified.header["typ"] == "at+jwt"
    assert verified.header["alg"] == alg
    said = verified.claims
    assert said["iss"] == ISSUER
    assert said["sub"] == str(person.pk)
    assert said["aud"] == ISSUER
    assert said["client_id"] == confidential_client.client_id
    assert said["scope"] == "openid profile email offline_access api:read"
    assert said["exp"] - said["iat"] == 900
    assert abs(said["iat"] - time.time()) < 60
    assert said["jti"]
    assert said["acr"] == "urn:ostiary:aal1"
    assert said["amr"] == ["pwd"]
    assert said["auth_time"] <= said["iat"]
    assert "email" not in said


def test_a_token_of_a_service_is_about_the_service(service_client):
    token = flow.post_token(service_client, grant_type="client_credentials").json()["access_token"]

    said = jose_jwt.decode(token, published(), algorithms=["ES256"]).claims

    assert said["sub"] == said["client_id"] == service_client.client_id
    assert said["aud"] == API
    assert not set(said) & {"auth_time", "acr", "amr", "gid"}


def test_every_token_has_its_own_jti(service_client):
    tokens = [access_token.for_client(service_client, ["api:read"], [API]).token for _ in range(5)]

    assert len({flow.said_by(t)["jti"] for t in tokens}) == 5


@pytest.mark.parametrize(
    ("resource", "scopes", "audience"),
    [
        ([], ["openid"], ISSUER),
        ([API], ["api:read"], API),
        ([API], ["openid", "api:read"], [API, ISSUER]),
        ([API, "https://b.example/"], ["api:read"], [API, "https://b.example/"]),
    ],
)
def test_the_audience_is_the_api_asked_for_and_this_server_for_openid(resource, scopes, audience):
    assert access_token.audience_of(resource, scopes) == audience


# --- what is refused ------------------------------------------------------------------------------


def test_a_good_token_passes(tokens):
    assert flow.userinfo(tokens["access_token"]).status_code == 200


def test_an_id_token_is_no_access_token(tokens):
    assert_refused(tokens["id_token"])


def test_an_access_token_is_no_id_token(tokens):
    with pytest.raises(jwt.InvalidTokenError):
        id_token.verify_hint(tokens["access_token"])


def test_a_token_for_an_api_is_not_for_this_server(signed_in_browser, confidential_client):
    tokens = flow.sign_in_tokens(
        signed_in_browser, confidential_client, scope="api:read", resource=API
    )

    assert_refused(tokens["access_token"])


def sign(claims, alg="ES256", typ="at+jwt", **header):
    key = keys.keyset().active[alg]
    return jwt.encode(
        claims, key.private_key, algorithm=alg, headers={"kid": key.kid, "typ": typ, **header}
    )


def test_the_spoiling_of_these_tests_starts_from_a_good_token(claims):
    assert access_token.verify(sign(claims))["sub"] == claims["sub"]


@pytest.mark.parametrize("typ", ["JWT", "jwt", "", "application/at+jwt ", "logout+jwt", None])
def test_another_type_of_token_is_refused(claims, typ):
    assert_refused(sign(claims, typ=typ))


@pytest.mark.parametrize(
    "spoilt",
    [
        {"exp": 1},
        {"exp": None},
        {"exp": "tomorrow"},
        {"nbf": 10**10},
        {"iat": 10**10},
        {"iat": None},
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": API},
        {"aud": [API]},
        {"aud": None},
        {"aud": ISSUER + "/"},
        {"sub": None},
    ],
)
def test_a_claim_that_is_not_right_is_refused(claims, spoilt):
    changed = {**claims, **spoilt}

    assert_refused(sign({name: value for name, value in changed.items() if value is not None}))


def test_clocks_may_differ_by_seconds_and_not_by_a_minute(claims):
    now = int(time.time())

    assert access_token.verify(sign({**claims, "exp": now - 2}))
    assert access_token.verify(sign({**claims, "iat": now + 2}))
    assert_refused(sign({**claims, "exp": now - 61}))
    assert_refused(sign({**claims, "iat": now + 61}))


def test_an_unsigned_token_is_refused(claims):
    kid = keys.keyset().active["ES256"].kid
    for alg in ("none", "None", "NONE"):
        header = {"alg": alg, "typ": "at+jwt", "kid": kid}
        assert_refused(f"{b64(header)}.{b64(claims)}.")
        assert_refused(f"{b64(header)}.{b64(claims)}.{b64(b'x' * 64)}")


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_a_public_key_is_no_hmac_secret(claims, alg):
    key = keys.keyset().active[alg]
    public = key.private_key.public_key()
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(keys.keyset().public_jwks[key.kid]).encode(),
    ]
    for secret in secrets:
        signed = f"{b64({'alg': 'HS256', 'typ': 'at+jwt', 'kid': key.kid})}.{b64(claims)}"
        mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        assert_refused(f"{signed}.{b64(mac)}")


@pytest.mark.parametrize("kid", ["nobody", "", None, 7, ["a"], {"a": 1}, "../../etc/passwd", "é"])
def test_an_unknown_kid_is_refused(claims, kid):
    key = keys.keyset().active["ES256"]
    header = {"alg": "ES256", "typ": "at+jwt", **({} if kid is None else {"kid": kid})}
    signed = f"{b64(header)}.{b64(claims)}"
    good = jwt.encode(claims, key.private_key, algorithm="ES256").rpartition(".")[2]

    assert_refused(f"{signed}.{good}")


def test_the_kid_of_one_key_does_not_go_with_the_signature_of_another(claims):
    assert_refused(sign(claims, kid=keys.keyset().active["RS256"].kid))
    other = SigningKey.objects.get(alg="ES256", state="next").kid
    assert_refused(sign(claims, kid=other))


def test_a_key_that_comes_with_the_token_is_not_used(claims):
    theirs = ec.generate_private_key(ec.SECP256R1())
    jwk = keys.public_jwk(theirs, "ES256")
    for header in ({"jwk": jwk}, {"jku": "https://evil.example/jwks"}, {"x5u": "https://evil"}):
        kid = keys.keyset().active["ES256"].kid
        token = jwt.encode(
            claims,
            theirs,
            algorithm="ES256",
            headers={"typ": "at+jwt", "kid": kid, **header},
        )
        assert_refused(token)


def test_a_critical_header_that_we_do_not_know_is_refused(claims):
    assert_refused(sign(claims, crit=["exp"], exp=1))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_altered_anywhere_is_refused(tokens, part):
    parts = tokens["access_token"].split(".")
    flipped = "A" if parts[part][5] != "A" else "B"
    parts[part] = parts[part][:5] + flipped + parts[part][6:]

    assert_refused(".".join(parts))


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "..",
        "a.b.c",
        "a.b.c.d.e",
        b64({"alg": "ES256"}) + ".e30.e30",
        b64([1]) + ".e30.e30",
        b64(b"[" * 5000) + ".e30.e30",
        b64(b'{"alg":' + b"[" * 5000) + ".e30.e30",
        b64(b'{"alg":"ES256","kid":' + b"9" * 5000 + b"}") + ".e30.e30",
        "é.é.é",
        "\x00.\x00.\x00",
    ],
)
def test_what_is_hardly_a_token_is_refused(token):
    with pytest.raises(jwt.InvalidTokenError):
        access_token.verify(token)


@given(st.text(max_size=200), st.binary(max_size=200), st.binary(max_size=200))
def test_whatever_is_sent_is_refused_and_nothing_worse(text, header, payload):
    for token in (text, f"{b64(header)}.{b64(payload)}.{b64(payload)}"):
        with pytest.raises(jwt.InvalidTokenError):
            access_token.verify(token)
