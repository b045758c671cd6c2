"""Another region asks for somebody's erasure: who is meant, what it is told, who is refused."""

from __future__ import annotations

import json
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth import get_user_model
from django.utils import timezone

from ostiary import (
    erasure,
    jws,
    notifications,
    outbox,
    privacy,
    receipts,
    tombstones,
)
from ostiary.models import Erasure, OutboxMessage, RegionalRequest, RegionToken, Tombstone
from ostiary.regions import answering, asking, keys, tokens
from tests.ostiary.regions import EU, PATH, US, Peer

pytestmark = pytest.mark.django_db


@pytest.fixture
def us(ostiary: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Peer:
    """The other region."""
    monkeypatch.setattr(privacy, "_erasers", {})
    monkeypatch.setattr(notifications, "_not_me_link", None)
    monkeypatch.setattr(erasure, "_cancel_link", None)
    peer = Peer(tmp_path)
    ostiary(**peer.settings)
    return peer


@pytest.fixture
def person(person: Any) -> Any:
    """Alice, whose address is known to be hers, on any user model."""
    if hasattr(person, "email_verified_at"):
        person.email_verified_at = timezone.now()
        person.save()
    return person


def wanted(**changed: Any) -> dict[str, Any]:
    subject = str(uuid.uuid4())
    return {"erasure": str(uuid.uuid4()), "subject": subject, "addresses": {}, **changed}


def send(client: Any, token: str) -> Any:
    return client.post(PATH, token, content_type="application/jwt")


def ask(client: Any, us: Peer, said: dict[str, Any]) -> dict[str, Any]:
    """What is answered, and proved to be."""
    token = us.token(said)
    answer = send(client, token)
    assert answer.status_code in (200, 202), answer.content
    told = tokens.read(
        tokens.ANSWER,
        answer.content.decode(),
        keys.ours()["keys"],
        issuer=EU,
        audience=US,
        now=time.time(),
    )
    assert told["request"] == tokens.jti_of(token)
    assert (answer.status_code == 200) == (told["state"] == "done")
    return told


def proved(told: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """What the receipt says."""
    known = receipts.public_keys()["keys"]
    return receipts.verify_regional(told["receipt"], known, "eu", "us", said["erasure"])


def test_somebody_with_the_address_is_erased_at_once_and_the_receipt_says_so(client, us, person):
    said = wanted(addresses={"Alice@example.com": True, "old@example.com": None})
    assert ask(client, us, said)["state"] == "running"

    assert erasure.run_due() == 1

    assert not get_user_model().objects.filter(pk=person.pk).exists()
    told = ask(client, us, said)
    receipt = proved(told, said)
    assert receipt["accounts"] == 1
    assert "delete_user" in [step["name"] for step in receipt["steps"]]
    assert "alice" not in json.dumps(receipt).casefold()
    assert said["subject"] not in json.dumps(receipt)
    assert ask(client, us, said)["receipt"] == told["receipt"]
    assert RegionalRequest.objects.count() == Erasure.objects.count() == 1
    assert tombstones.is_buried(said["subject"])
    assert tombstones.buried_among(
        Tombstone.Of.EMAIL, ["alice@example.com", "old@example.com"]
    ) == {"alice@example.com"}
    # The region that was asked by the person tells them.
    assert not OutboxMessage.objects.filter(kind="email.send").exists()


def test_somebody_with_the_same_id_is_erased_where_ids_are_global(client, us, person):
    if not answering.is_global(str(person.pk)):
        pytest.skip("ids of this user model are numbers")
    said = wanted(subject=str(person.pk))
    ask(client, us, said)
    erasure.run_due()

    assert proved(ask(client, us, said), said)["accounts"] == 1
    assert not get_user_model().objects.filter(pk=person.pk).exists()


def test_a_number_is_nobodys_name_in_another_region(client, us, person):
    for subject in {"1", str(person.pk)} - {str(uuid.UUID(int=0))}:
        if answering.is_global(subject):
            continue
        said = wanted(subject=subject)
        ask(client, us, said)
        erasure.run_due()
        assert proved(ask(client, us, said), said)["accounts"] == 0
    assert get_user_model().objects.filter(pk=person.pk).exists()
    assert not tombstones.is_buried(str(person.pk))


@pytest.mark.parametrize("known_there", [True, False, None])
def test_nobody_is_erased_for_an_address_that_somebody_only_claims(client, us, person, known_there):
    known_here = not hasattr(person, "email_verified_at")
    if not known_here:
        get_user_model().objects.update(email_verified_at=None)
    if known_here and known_there:
        pytest.skip("this user model doesn't tell")
    said = wanted(addresses={"alice@example.com": known_there})
    ask(client, us, said)
    erasure.run_due()

    assert proved(ask(client, us, said), said)["accounts"] == 0
    assert get_user_model().objects.filter(pk=person.pk).exists()


def test_that_there_is_nobody_is_a_receipt_too_and_sets_tombstones(client, us):
    said = wanted(addresses={"nobody@example.com": True})
    ask(client, us, said)
    erasure.run_due()

    receipt = proved(ask(client, us, said), said)
    assert receipt["accounts"] == 0
    assert tombstones.is_buried(said["subject"])
    assert tombstones.buried_among(Tombstone.Of.EMAIL, ["nobody@example.com"])
    done = Erasure.objects.get()
    assert (done.subject, done.emails) == (None, None)


def test_who_waits_to_be_erased_here_waits_no_longer(client, us, person):
    waiting = erasure.request(person)
    said = wanted(addresses={"alice@example.com": True})
    ask(client, us, said)

    waiting.refresh_from_db()
    assert waiting.due_at <= timezone.now()
    assert Erasure.objects.count() == 1


def test_what_was_called_off_here_is_asked_for_again(client, us, person):
    said = wanted(addresses={"alice@example.com": True})
    erasure.request(person)
    ask(client, us, said)
    assert erasure.cancel(person)

    assert ask(client, us, said)["state"] == "running"
    assert erasure.of(person)


def test_two_regions_that_erase_the_same_person_do_not_wait_for_each_other(client, us, person):
    ours = erasure.request(person, grace=timedelta())
    assert not erasure.run(ours.pk)  # all is done but what us has to say
    ours.refresh_from_db()
    assert ours.last_error == "Waits for the regions: us"

    said = wanted(subject=str(ours.subject), addresses={"alice@example.com": True})
    ask(client, us, said)
    erasure.run_due()
    told = ask(client, us, said)

    assert told["state"] == "done"
    assert proved(told, said)["accounts"] == 0  # they are gone already
    ours.refresh_from_db()
    assert ours.state == "running"


def test_a_legal_hold_is_told(client, us, person, ostiary):
    ostiary(**us.settings, RETENTION_RULES=["tests.ostiary.test_regions_answering.hold"])
    said = wanted(addresses={"alice@example.com": True})
    ask(client, us, said)
    erasure.run_due()

    assert ask(client, us, said)["state"] == "held"


def hold(user: Any) -> Any:
    """A court's."""
    from ostiary.retention import Kept

    yield Kept("Your account", "A court asked us to keep it.", holds=True)


# --- who is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://eu.id.example.com/"},
        {"aud": ["https://eu.id.example.com"]},
        {"aud": US.url},
        {"iss": "eu"},
        {"iss": "ap"},
        {"iss": None},
        {"iat": int(time.time()) + 7200, "exp": int(time.time()) + 7260},
        {"iat": int(time.time()) - 200, "exp": int(time.time()) - 140},
        {"exp": int(time.time()) + 3600},
        {"exp": str(int(time.time()) + 30)},
        {"exp": float("inf")},
        {"iat": None},
        {"iat": True},
        {"jti": None},
        {"jti": "short"},
        {"jti": "x" * 1000},
        {"typ": tokens.ANSWER},
        {"typ": receipts.TYPE},
        {"key": Ed25519PrivateKey.generate()},
    ],
    ids=lambda changed: "-".join(changed),
)
def test_what_does_not_prove_to_be_a_region_for_us_and_now_is_refused(client, us, changed):
    answer = send(client, us.token(wanted(), **changed))

    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_token"})
    assert not RegionalRequest.objects.exists()


def test_clocks_may_differ_by_half_a_minute(client, us):
    now = int(time.time())
    for begun in (now + 25, now - 80):
        assert send(client, us.token(wanted(), iat=begun, exp=begun + 60)).status_code == 202


def test_a_token_is_good_once(client, us):
    token = us.token(wanted())
    assert send(client, token).status_code == 202
    assert send(client, token).status_code == 401
    RegionToken.objects.update(expires_at=timezone.now() - timedelta(minutes=1))


def test_our_own_tokens_and_other_algorithms_prove_nothing(client, us):
    head, body, signature = us.token(wanted()).split(".")
    other = us.token(wanted()).split(".")[1]
    kid = json.loads(jws.decode(head))["kid"]
    none = jws.encode(jws.to_json({"alg": "none", "kid": kid, "typ": tokens.REQUEST}))
    hs256 = jws.encode(jws.to_json({"alg": "HS256", "kid": kid, "typ": tokens.REQUEST}))
    unknown = jws.encode(jws.to_json({"alg": "EdDSA", "kid": "x", "typ": tokens.REQUEST}))
    own = us.token(wanted(), key=receipts.private_keys()[0])
    for token in (
        *(f"{head}.{other}.{signature}", f"{head}.{body}.", f"{none}.{body}."),
        *(f"{hs256}.{body}.{signature}", f"{unknown}.{body}.{signature}", own),
        *("", "a.b.c", "é.é.é", f"{head}.{body}", "[" * 5000),
    ):
        assert send(client, token).status_code == 401, token


def test_a_region_that_has_our_own_key_is_not_believed(client, us):
    us.key = receipts.private_keys()[0]
    us.file.write_text(json.dumps(us.jwks))
    assert send(client, us.token(wanted())).status_code == 401


def test_a_body_that_is_too_large_is_not_read(client, us):
    answer = send(client, us.token(wanted(addresses={"x" * 200_000: True})))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "changed",
    [
        {"erasure": "1"},
        {"erasure": None},
        {"subject": ""},
        {"subject": "x" * 65},
        {"subject": "a\0b"},
        {"subject": 7},
        {"addresses": []},
        {"addresses": {"": True}},
        {"addresses": {"a": 1}},
        {"addresses": {"a\0": True}},
        {"addresses": {"\ud800": True}},
        {"addresses": {"a" * 321: True}},
        {"addresses": {f"{number}@example.com": True for number in range(101)}},
    ],
    ids=str,
)
def test_what_cannot_be_understood_is_told_so(client, us, changed):
    answer = send(client, us.token(wanted(**changed)))
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
    assert not Erasure.objects.exists()


def test_where_the_site_has_no_regions_there_is_nothing(client):
    assert send(client, "x").status_code == 404
    assert client.get("/regions/keys.json").status_code == 404


def test_the_keys_are_those_of_the_ring(client, us):
    told = client.get("/regions/keys.json").json()
    assert told["keys"] == [jws.jwk(jws.x_of(key)) for key in receipts.private_keys()]
    assert asking.KIND in outbox.kinds()
