"""Revoked before it expires: by blocklist, status list and introspection (SECURITY B10)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
import zlib

import pytest
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured

from oauth.resource_server.revocation import status_list
from oauth.resource_server.revocation.blocklist import WHOLE
from tests.parallel import at_once

from .calls import AUDIENCE, error_of, good_token, request_with, takes

# --- blocklist ---------------------------------------------------------------------------------


@pytest.fixture
def shared_cache(settings, tmp_path):
    """A cache that processes share."""
    settings.CACHES = {
        **settings.CACHES,
        "shared": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": tmp_path,
        },
    }
    return caches["shared"]


@pytest.fixture
def blocking(make_server, shared_cache):
    """An API that looks at the blocklist."""
    return make_server(REVOCATION="blocklist", BLOCKLIST_CACHE="shared")


def test_a_token_on_the_blocklist_is_refused(issuer, blocking, shared_cache):
    token = good_token(issuer, jti="the one")
    assert takes(blocking, token)

    digest = hashlib.sha256(b"the one").hexdigest()
    shared_cache.set(f"ostiary:blocklist:{digest}", 1, 60)

    assert not takes(blocking, token)
    assert takes(blocking, good_token(issuer))


def test_a_blocklist_that_does_not_answer_is_a_503_or_as_the_operator_says(
    issuer, make_server, settings
):
    settings.CACHES = {
        **settings.CACHES,
        "shared": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",
        },
    }
    how = {"REVOCATION": "blocklist", "BLOCKLIST_CACHE": "shared"}

    assert error_of(make_server(**how), request_with(good_token(issuer)))[0] == 503
    assert takes(make_server(**how, REVOCATION_FAILS_OPEN=True), good_token(issuer))


def test_a_blocklist_that_was_emptied_is_a_503_until_it_is_filled_again(
    issuer, blocking, shared_cache, make_server
):
    how = {"REVOCATION": "blocklist", "BLOCKLIST_CACHE": "shared"}
    open_one = make_server(**how, REVOCATION_FAILS_OPEN=True)
    token, listed = good_token(issuer, jti="the one"), hashlib.sha256(b"the one").hexdigest()
    shared_cache.set(WHOLE, "first", None)
    assert takes(blocking, token)
    assert takes(open_one, token)
    shared_cache.set(f"ostiary:blocklist:{listed}", 1, 60)
    assert not takes(open_one, token)

    shared_cache.clear()

    assert error_of(blocking, request_with(token)) == (503, "")
    assert takes(open_one, token)
    shared_cache.set(f"ostiary:blocklist:{listed}", 1, 60)
    shared_cache.set(WHOLE, "second", None)
    assert error_of(blocking, request_with(token)) == (401, "invalid_token")
    assert takes(blocking, good_token(issuer))


def test_a_blocklist_that_nobody_shares_is_none(make_server):
    with pytest.raises(ImproperlyConfigured, match="BLOCKLIST_CACHE"):
        make_server(REVOCATION="blocklist")


# --- status list -------------------------------------------------------------------------------


def pack(statuses, bits=1):
    """The ``lst`` of a status list, made another way than it is read."""
    packed = bytearray((len(statuses) * bits + 7) // 8)
    for index, status in enumerate(statuses):
        packed[index * bits // 8] |= status << (index * bits % 8)
    return base64.urlsafe_b64encode(zlib.compress(bytes(packed))).rstrip(b"=").decode()


class Lists:
    """The issuer's status list, and tokens that it tells of."""

    def __init__(self, issuer):
        self.issuer, self.uri = issuer, f"{issuer.url}/lists/1"

    def publish(self, statuses=(0, 1, 0), bits=1, typ="statuslist+jwt", kid="one", **changes):
        now = int(time.time())
        claims = {
            "sub": self.uri,
            "iat": now,
            "exp": now + 3600,
            "ttl": 60,
            "status_list": {"bits": bits, "lst": pack(statuses, bits)},
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        self.issuer.pages["/lists/1"] = self.issuer.sign(claims, kid=kid, typ=typ)

    def token(self, index, uri=None):
        status = {"status_list": {"idx": index, "uri": uri or self.uri}}
        return good_token(self.issuer, status=status)


@pytest.fixture
def lists(issuer):
    """A published list in which the second token is revoked."""
    lists = Lists(issuer)
    lists.publish()
    return lists


@pytest.fixture
def listing(make_server):
    """An API that looks at status lists."""
    return make_server(REVOCATION="status_list")


def test_the_vectors_of_the_draft():
    vectors = {
        1: ("eNrbuRgAAhcBXQ", [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]),
        2: ("eNo76fITAAPfAgc", [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]),
    }
    for bits, (lst, statuses) in vectors.items():
        now = int(time.time())
        claims = {"sub": "x", "iat": now, "status_list": {"bits": bits, "lst": lst}}
        found = status_list.read(claims, uri="x", leeway=0).value
        assert [found.status(index) for index in range(len(statuses))] == statuses


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_revoked_token_is_refused_and_another_taken(lists, listing, bits):
    lists.publish([0, 1, 0] * 5, bits)

    for index in range(15):
        assert takes(listing, lists.token(index)) is (index % 3 != 1)


def test_a_token_that_names_no_list_is_on_none(issuer, listing):
    assert takes(listing, good_token(issuer))


def test_once_the_list_is_here_nobody_is_asked(lists, listing, issuer):
    assert all(at_once(lambda: takes(listing, lists.token(0))))
    assert issuer.asked.count("/lists/1") == 1


def test_a_revocation_is_seen_when_the_ttl_is_over(lists, listing, clock):
    assert takes(listing, lists.token(0))
    lists.publish([1])

    assert takes(listing, lists.token(0))
    clock.now += 60
    assert not takes(listing, lists.token(0))


def test_the_last_list_serves_while_the_issuer_is_down_until_it_expires(
    lists, listing, issuer, clock
):
    assert takes(listing, lists.token(0))
    del issuer.pages["/lists/1"]

    clock.now += 61
    assert takes(listing, lists.token(0))
    assert not takes(listing, lists.token(1))
    clock.now += 3600
    assert error_of(listing, request_with(lists.token(0)))[0] == 503


def test_without_a_list_the_operator_has_the_say(lists, make_server, issuer):
    del issuer.pages["/lists/1"]

    closed = make_server(REVOCATION="status_list")
    opened = make_server(REVOCATION="status_list", REVOCATION_FAILS_OPEN=True)
    assert error_of(closed, request_with(lists.token(0)))[0] == 503
    assert takes(opened, lists.token(0))


BAD_LISTS = {
    "another type": {"typ": "JWT"},
    "an access token's type": {"typ": "at+jwt"},
    "another list": {"sub": "https://api.example/lists/2"},
    "no subject": {"sub": None},
    "no time": {"iat": None},
    "from the future": {"iat": 2**40},
    "expired": {"exp": 1},
    "an expiry that is text": {"exp": "x"},
    "no ttl to speak of": {"ttl": 0},
    "a ttl that is text": {"ttl": "60"},
    "no list": {"status_list": None},
    "three bits": {"status_list": {"bits": 3, "lst": pack([0])}},
    "no lst": {"status_list": {"bits": 1}},
    "an lst that is no text": {"status_list": {"bits": 1, "lst": 7}},
    "an lst that is not compressed": {"status_list": {"bits": 1, "lst": "AAAA"}},
    "an lst that is cut off": {"status_list": {"bits": 1, "lst": pack([0] * 99)[:-4]}},
    "an lst of other letters": {"status_list": {"bits": 1, "lst": "é"}},
    "a bomb": {
        "status_list": {
            "bits": 1,
            "lst": base64.urlsafe_b64encode(zlib.compress(bytes(2**24 + 1))).decode(),
        }
    },
}


@pytest.mark.parametrize("wrong", BAD_LISTS.values(), ids=BAD_LISTS)
def test_a_wrong_list_is_as_good_as_none(lists, listing, wrong):
    lists.publish(**wrong)

    assert error_of(listing, request_with(lists.token(0)))[0] == 503


def test_a_list_that_another_has_signed_is_none(lists, listing, issuer):
    lists.publish()
    header, payload, _ = issuer.pages["/lists/1"].split(".")
    for page in ("", "x", f"{header}.{payload}.AAAA", f"{header}.{payload}."):
        issuer.pages["/lists/1"] = page
        assert error_of(listing, request_with(lists.token(0)))[0] == 503


BAD_REFERENCES = {
    "beyond the end": {"status_list": {"idx": 10_000}},
    "before the beginning": {"status_list": {"idx": -1}},
    "no number": {"status_list": {"idx": "0"}},
    "true": {"status_list": {"idx": True}},
    "no index": {"status_list": {}},
    "no reference": {"status_list": 7},
    "nothing": {},
    "text": "x",
    "a list": [],
    "elsewhere": {"status_list": {"idx": 0, "uri": "https://evil.example/lists/1"}},
    "no address": {"status_list": {"idx": 0, "uri": "http://[/"}},
    "an address that is a number": {"status_list": {"idx": 0, "uri": 7}},
}


@pytest.mark.parametrize("status", BAD_REFERENCES.values(), ids=BAD_REFERENCES)
def test_a_reference_that_leads_nowhere_is_refused(lists, listing, issuer, status):
    reference = status.get("status_list") if isinstance(status, dict) else None
    if isinstance(reference, dict):
        reference.setdefault("uri", lists.uri)

    assert not takes(listing, good_token(issuer, status=status))


# --- introspection -----------------------------------------------------------------------------

OPAQUE = "ost_at_" + secrets.token_urlsafe(32)


@pytest.fixture
def asking(make_server):
    """An API that asks the issuer about each token."""
    return make_server(REVOCATION="introspection", CLIENT_ID="the api", CLIENT_SECRET="a:b c")


@pytest.fixture
def active(issuer):
    """The issuer says that the token is good."""
    issuer.introspection = {
        "active": True,
        "iss": issuer.url,
        "aud": AUDIENCE,
        "sub": "person-1",
        "client_id": "tests-client",
        "scope": "api:read",
        "exp": int(time.time()) + 300,
    }
    return issuer.introspection


def test_an_opaque_token_is_what_the_issuer_says(issuer, asking, active):
    for token in (OPAQUE, "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"):
        taken = asking.authenticate(request_with(token))

        assert (taken.subject, taken.client_id) == ("person-1", "tests-client")
        assert taken.scopes == {"api:read"}
        assert issuer.introspected[-1]["token"] == token
    basic = base64.b64encode(b"the+api:a%3Ab+c").decode()
    assert issuer.introspected[-1]["by"] == f"Basic {basic}"


def test_the_answer_is_kept_for_a_while(issuer, asking, active):
    assert takes(asking, OPAQUE)
    assert takes(asking, OPAQUE)
    assert len(issuer.introspected) == 1


def test_an_inactive_token_is_refused_whatever_it_looks_like(issuer, asking):
    assert not takes(asking, OPAQUE)
    assert not takes(asking, good_token(issuer))


def test_a_jwt_has_to_be_good_of_itself_too(issuer, asking, active):
    assert takes(asking, good_token(issuer))
    assert not takes(asking, good_token(issuer, aud="https://other.example/"))
    assert len(issuer.introspected) == 1


BAD_ANSWERS = {
    "for another api": {"aud": "https://other.example/"},
    "for nobody": {"aud": None},
    "expired": {"exp": 1},
    "an expiry that is text": {"exp": "x"},
    "of another issuer": {"iss": "https://evil.example"},
    "active in a word": {"active": "true"},
    "bound to a key": {"cnf": {"jkt": "x"}},
}


@pytest.mark.parametrize("wrong", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_an_active_token_that_is_not_for_this_call_is_refused(asking, active, wrong):
    active.update(wrong)

    assert not takes(asking, OPAQUE)


def test_an_answer_without_an_expiry_holds_as_long_as_it_is_kept(asking, active):
    del active["exp"]

    taken = asking.authenticate(request_with(OPAQUE))
    assert taken.expires_at <= time.time() + asking.settings.INTROSPECTION_SECONDS


def test_an_issuer_that_does_not_answer_is_a_503_or_as_the_operator_says(
    issuer, asking, make_server, clock
):
    opened = make_server(
        REVOCATION="introspection", CLIENT_ID="a", CLIENT_SECRET="b", REVOCATION_FAILS_OPEN=True
    )
    token = good_token(issuer)
    assert not takes(asking, token)  # and the keys are here
    assert not takes(opened, token)
    issuer.status = 500
    token = good_token(issuer)

    assert error_of(asking, request_with(token))[0] == 503
    assert takes(opened, token)
    assert error_of(opened, request_with(OPAQUE))[0] == 503  # nobody has vouched for it


@pytest.mark.parametrize("page", ["", "x", "[]", "7", "[" * 100_000])
def test_what_is_no_answer_is_none(issuer, make_server, page):
    asking = make_server(
        REVOCATION="introspection",
        CLIENT_ID="a",
        CLIENT_SECRET="b",
        INTROSPECTION_ENDPOINT=f"{issuer.url}/introspect",
    )
    issuer.introspection = page

    assert error_of(asking, request_with(OPAQUE))[0] == 503


def test_without_its_cache_the_issuer_is_asked_each_time(issuer, make_server, active, settings):
    settings.CACHES = {
        **settings.CACHES,
        "gone": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",
        },
    }
    asking = make_server(
        REVOCATION="introspection", CLIENT_ID="a", CLIENT_SECRET="b", INTROSPECTION_CACHE="gone"
    )

    assert takes(asking, OPAQUE)
    assert takes(asking, OPAQUE)
    assert len(issuer.introspected) == 2


def test_an_opaque_token_is_none_where_nobody_is_asked(server):
    assert not takes(server, OPAQUE)


def test_no_secret_in_a_repr(asking):
    assert "a:b c" not in repr(asking.settings) + repr(asking._introspection)
