"""Receipts are verified by whoever has one, on a page or by the public keys."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ostiary import receipts
from ostiary.conf import ostiary_settings
from ostiary.regions import configured, keys
from ostiary.throttling import storage_at
from tests.ostiary.regions import Peer

pytestmark = pytest.mark.django_db
VERIFY = "/privacy/receipts/verify"


@pytest.fixture(autouse=True)
def no_tries_spent():
    storage_at(ostiary_settings.THROTTLE_STORAGE).reset()


@pytest.fixture
def receipt():
    return receipts.sign(
        {
            "iss": "http://localhost:8000",
            "jti": "1",
            "finished_at": "2026-11-24T12:00:00+00:00",
            "steps": [{"name": "a", "erased": {"shop.Order": 2}}],
            "kept": [{"what": "Invoices", "why": "Taxes", "until": None}],
        }
    )


def test_a_genuine_one_is_told_in_words(client, receipt):
    page = client.post(VERIFY, {"receipt": f"  {receipt}\n"})

    assert page.status_code == 200
    for said in ("This receipt is genuine", "shop.Order", "Invoices", "http://localhost:8000"):
        assert said in page.text


def test_what_other_regions_said_is_told(client, settings, tmp_path, receipt):
    us = Peer(tmp_path)
    settings.OSTIARY = {**settings.OSTIARY, **us.settings}
    theirs = [us.receipt("1", finished_at="2026-11-24T12:05:00+00:00")]
    keys.keep(configured.every()["us"], theirs[0])
    held = [{"region": "us", "receipt": theirs[0]}]
    ours = receipts.sign({"iss": "x", "jti": "1", "region": "eu", "regions": held})

    said = client.post(VERIFY, {"receipt": ours}).text
    assert "<code>us</code>: deleted" in said
    assert "12:05" in said
    other = receipts.sign({"iss": "x", "jti": "2", "region": "eu", "regions": held})
    assert client.post(VERIFY, {"receipt": other}).status_code == 400


def test_it_can_be_sent_as_a_file(client, receipt):
    file = SimpleUploadedFile("receipt.txt", receipt.encode())

    assert "This receipt is genuine" in client.post(VERIFY, {"file": file}).text


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"receipt": ""},
        {"receipt": "a.b.c"},
        {"receipt": "\x00"},
        {"receipt": "é" * 1000},
        {"receipt": "a" * (receipts.MAX_LENGTH + 1)},
        {"file": SimpleUploadedFile("x", b"\xff\xfe\x00")},
        {"file": SimpleUploadedFile("x", b"a" * (receipts.MAX_LENGTH + 1))},
        {"file": "text"},
    ],
    ids=range(9),
)
def test_anything_else_is_refused_with_a_word(client, sent):
    page = client.post(VERIFY, sent)

    assert page.status_code == 400
    assert "field-errors" in page.text


def test_signed_claims_of_any_shape_make_no_error(client):
    for claims in ({}, {"requested_at": None, "finished_at": "never", "kept": []}):
        assert client.post(VERIFY, {"receipt": receipts.sign(claims)}).status_code == 200


def test_one_that_was_changed_is_refused(client, receipt):
    head, _, signature = receipt.split(".")
    other = receipts.sign({"jti": "2"}).split(".")[1]

    page = client.post(VERIFY, {"receipt": f"{head}.{other}.{signature}"})

    assert "isn’t genuine" in page.text
    assert "This receipt is genuine" not in page.text


def test_it_is_throttled(client, receipt, settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"receipt": {"ip": "1/hour"}}}
    client.post(VERIFY, {"receipt": receipt})

    answer = client.post(VERIFY, {"receipt": receipt})

    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_the_public_keys_verify_it_elsewhere(client, receipt):
    answer = client.get("/privacy/receipts/keys.json")

    keys = json.loads(answer.content)["keys"]
    assert receipts.verify(receipt, keys)["jti"] == "1"
    assert answer["Content-Type"] == "application/jwk-set+json"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert all("d" not in key for key in keys)
