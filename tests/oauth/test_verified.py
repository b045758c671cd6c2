"""A token that was verified is not verified again, and is refused as soon as anything else is."""

import jwt
import pytest

from oauth import jws, keys
from oauth.verified import Memory, Verified

from .clock import Clock

pytestmark = pytest.mark.django_db
ISSUER = "https://id.example"
API = "https://api.example"


@pytest.fixture(autouse=True)
def memory(monkeypatch):
    memory = Memory()
    monkeypatch.setattr(jws, "_memory", memory)
    return memory


def token(**overrides):
    now = int(jws.time.time())
    claims = {"iss": ISSUER, "sub": "a", "aud": API, "iat": now, "exp": now + 60, **overrides}
    return jws.sign(claims, alg="ES256", typ="at+jwt")


def verify(given, **overrides):
    return jws.verify(given, **{"typ": "at+jwt", "issuer": ISSUER, "audience": API, **overrides})


def test_a_signature_is_checked_once(monkeypatch):
    given = token()
    first = verify(given)
    monkeypatch.setattr(jwt, "decode", None)

    assert verify(given) == first


def test_nobody_can_change_what_is_remembered():
    given = token()
    verify(given)["sub"] = "b"
    verify(given)["sub"] = "c"
    assert verify(given)["sub"] == "a"


@pytest.mark.parametrize(
    "other",
    [
        {"typ": "JWT"},
        {"issuer": "https://other.example"},
        {"audience": "https://other.example"},
        {"audience": "https://api.example/"},
    ],
)
def test_what_is_asked_of_it_is_asked_each_time(other):
    given = token()
    verify(given)
    with pytest.raises(jwt.InvalidTokenError):
        verify(given, **other)


def test_it_expires(monkeypatch):
    clock = Clock(monkeypatch)
    given = token()
    verify(given)
    clock.advance(60 + jws.LEEWAY_SECONDS)
    with pytest.raises(jwt.ExpiredSignatureError):
        verify(given)


def test_a_key_that_is_revoked_takes_with_it_what_was_verified_by_it():
    given = token()
    verify(given)
    keys.revoke(keys.active("ES256").kid)
    with pytest.raises(jwt.InvalidTokenError):
        verify(given)


def test_a_token_that_is_not_good_is_not_remembered(memory):
    given = token()
    forged = given[:-4] + ("AAAA" if given[-4:] != "AAAA" else "BBBB")
    for _ in range(2):
        with pytest.raises(jwt.InvalidTokenError):
            verify(forged)
    assert memory.find(forged) is None


def test_the_memory_is_bounded():
    memory = Memory(most=2)
    known = Verified(object(), "kid", "ES256", "at+jwt", {})
    for name in ("one", "two", "three"):
        memory.keep(name, known)
    assert [memory.find(name) is not None for name in ("one", "two", "three")] == [
        False,
        True,
        True,
    ]
