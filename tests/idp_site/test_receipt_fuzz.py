"""Receipts that were changed, in a thousand ways: none is genuine, at the page or by the command,
and none makes an error (SECURITY F3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import random
import string
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from ostiary import jws, receipts

pytestmark = pytest.mark.django_db
SEED, TIMES = 8, 1000
EACH_OF_THEM = int(os.environ.get("PAGE_EACH", "4"))
"""The page, which takes longer, gets every fourth, of each kind; ``PAGE_EACH=1`` sends it all."""
LETTERS = string.ascii_letters + string.digits + "-_"
Change = Callable[[random.Random, str], str]

CLAIMS = {
    "iss": "http://localhost:8000",
    "jti": "019aa000-0000-7000-8000-000000000001",
    "requested_at": "2026-11-17T12:00:00+00:00",
    "finished_at": "2026-11-24T12:00:00+00:00",
    "steps": [{"name": "ostiary_accounts", "erased": {"shop.Order": 2}}],
    "kept": [{"what": "Invoices", "why": "Taxes", "until": None}],
}


def encoded(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def with_header(receipt: str, **changed: Any) -> str:
    head, body, signature = receipt.split(".")
    return f"{encoded({**json.loads(jws.decode(head)), **changed})}.{body}.{signature}"


def flip_a_character(chance: random.Random, receipt: str) -> str:
    at = chance.randrange(len(receipt))
    other = chance.choice([each for each in f"{LETTERS}.+/=" if each != receipt[at]])
    return receipt[:at] + other + receipt[at + 1 :]


def respell_the_signature(chance: random.Random, receipt: str) -> str:
    """The same 64 bytes, as a decoder that is not strict would take them."""
    at = LETTERS_OF_BASE64.index(receipt[-1])
    spelled = [
        *(receipt[:-1] + LETTERS_OF_BASE64[at | bits] for bits in range(1, 16)),
        receipt + "=",
        receipt + "==",
        ".".join([*receipt.split(".")[:2], receipt.split(".")[2].replace("-", "+")]),
        ".".join([*receipt.split(".")[:2], receipt.split(".")[2].replace("_", "/")]),
    ]
    return chance.choice([each for each in spelled if each != receipt])


LETTERS_OF_BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def flip_a_bit(chance: random.Random, receipt: str) -> str:
    parts = receipt.split(".")
    which = chance.randrange(3)
    data = bytearray(jws.decode(parts[which]))
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    parts[which] = encoded(bytes(data))
    return ".".join(parts)


def put_whitespace_inside(chance: random.Random, receipt: str) -> str:
    at = chance.randrange(1, len(receipt) - 1)
    return receipt[:at] + chance.choice([" ", "\n", "\t", "\r\n", "\u00a0", "\x00"]) + receipt[at:]


def cut_it_off(chance: random.Random, receipt: str) -> str:
    return receipt[: chance.randrange(len(receipt))]


def leave_a_part_out(chance: random.Random, receipt: str) -> str:
    parts = receipt.split(".")
    parts[chance.randrange(3)] = ""
    return ".".join(parts)


def add_a_part(chance: random.Random, receipt: str) -> str:
    return f"{receipt}.{encoded(chance.randbytes(chance.randrange(80)))}"


def take_the_payload_of_another(chance: random.Random, receipt: str) -> str:
    head, _, signature = receipt.split(".")
    other = receipts.sign({**CLAIMS, "jti": str(chance.random())}).split(".")[1]
    return f"{head}.{other}.{signature}"


def change_a_claim(chance: random.Random, receipt: str) -> str:
    head, _, signature = receipt.split(".")
    changed = {**CLAIMS, chance.choice(list(CLAIMS)): chance.choice([None, [], "x", 1, {}])}
    return f"{head}.{encoded(changed)}.{signature}"


def say_another_algorithm(chance: random.Random, receipt: str) -> str:
    name = chance.choice(["none", "None", "NONE", "HS256", "RS256", "ES256", "eddsa", "", None, []])
    changed = with_header(receipt, alg=name)
    return changed.rpartition(".")[0] + "." if chance.random() < 0.5 else changed


def sign_by_the_public_key(chance: random.Random, receipt: str) -> str:
    """HS256, and what is published as its secret."""
    [key] = receipts.public_keys()["keys"]
    secret = chance.choice([key["x"].encode(), jws.decode(key["x"]), json.dumps(key).encode()])
    algorithm = chance.choice(["HS256", "EdDSA"])
    signed = with_header(receipt, alg=algorithm).rpartition(".")[0]
    return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def sign_by_a_key_of_ones_own(chance: random.Random, receipt: str) -> str:
    """Under our ``kid``, or its own; with the key in the header, as a careless library takes it."""
    key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
    x = encoded(key.public_key().public_bytes_raw())
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": x}
    carried = chance.choice([{}, {"jwk": jwk}, {"jku": "https://evil.example/keys.json"}])
    named = chance.choice([{}, {"kid": jws.thumbprint(x)}])
    signed = with_header(receipt, **carried, **named).rpartition(".")[0]
    return f"{signed}.{encoded(key.sign(signed.encode()))}"


def name_another_key(chance: random.Random, receipt: str) -> str:
    kids = ["", None, 1, [], {}, "another", "../../etc/passwd", "' OR 1=1 --", "a" * 5000]
    return with_header(receipt, kid=chance.choice(kids))


def say_another_kind(chance: random.Random, receipt: str) -> str:
    kinds = ["JWT", "at+jwt", "logout+jwt", "", None, [receipts.TYPE], receipts.TYPE.upper()]
    return with_header(receipt, typ=chance.choice(kinds))


def write_a_strange_header(chance: random.Random, receipt: str) -> str:
    _, body, signature = receipt.split(".")
    strange = [
        *(b"", b"[]", b"null", b"1", b'"text"', b"{", b"\xff\xfe", b"{}" * 9, b"NaN"),
        *(b"[" * 20_000, b"1" * 10_000, b'{"a":' * 5000),
    ]
    return f"{encoded(chance.choice(strange))}.{body}.{signature}"


def make_it_too_long(chance: random.Random, receipt: str) -> str:
    letters = receipts.MAX_LENGTH + chance.randrange(10)
    return chance.choice([receipt + "A" * letters, "." * letters, "a." + "b" * letters + ".c"])


def write_nonsense(chance: random.Random, receipt: str) -> str:
    return "".join(chance.choices(f"{LETTERS}.é€\u202e\U0001f511%<>&", k=chance.randrange(1, 300)))


CHANGES: list[Change] = [
    *(flip_a_character, flip_a_bit, respell_the_signature, put_whitespace_inside, cut_it_off),
    *(leave_a_part_out, add_a_part, take_the_payload_of_another, change_a_claim),
    *(say_another_algorithm, sign_by_the_public_key, sign_by_a_key_of_ones_own, name_another_key),
    *(say_another_kind, write_a_strange_header, make_it_too_long, write_nonsense),
]


@pytest.fixture
def receipt() -> str:
    return receipts.sign(CLAIMS)


@pytest.fixture
def changed(receipt: str) -> list[tuple[str, str]]:
    """Each with the name of what was done to it."""
    chance = random.Random(SEED)
    made = []
    for number in range(TIMES):
        change = CHANGES[number % len(CHANGES)]
        made.append((change.__name__, change(chance, receipt)))
    assert receipt not in [text.strip() for _, text in made]
    return made


def test_no_changed_receipt_is_genuine_at_the_page(receipt, changed, settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"receipt": {"ip": "9999/hour"}}}
    browser = Browser()  # which raises what a view raises

    for number, (how, text) in enumerate(changed[::EACH_OF_THEM]):
        file = SimpleUploadedFile("receipt.txt", text.encode())
        sent: dict[str, Any] = {"file": file} if number % 2 else {"receipt": text}
        answer = browser.post("/privacy/receipts/verify", sent)
        assert answer.status_code == 400, (how, text[:300])
        assert "This receipt is genuine" not in answer.text, how
    assert browser.post("/privacy/receipts/verify", {"receipt": receipt}).status_code == 200


def test_none_of_a_thousand_changed_receipts_is_genuine_by_the_command(
    receipt, changed, tmp_path: Path
):
    file, keys = tmp_path / "receipt", tmp_path / "keys.json"
    keys.write_text(json.dumps(receipts.public_keys()))
    output = StringIO()

    for number, (how, text) in enumerate(changed):
        file.write_bytes(text.encode())
        offline = ["--keys", str(keys)] if number % 2 else []
        with pytest.raises(CommandError, match="isn't a genuine receipt"):
            call_command("verify_receipt", str(file), *offline, stdout=output)
        assert not output.getvalue(), how
    file.write_text(receipt)
    call_command("verify_receipt", str(file), stdout=output)
    assert json.loads(output.getvalue()) == CLAIMS


def test_a_receipt_verifies_without_a_database_by_keys_that_were_fetched_before(
    client, receipt, tmp_path: Path, django_assert_num_queries
):
    file, keys = tmp_path / "receipt", tmp_path / "keys.json"
    file.write_text(f"{receipt}\n")
    keys.write_bytes(client.get("/privacy/receipts/keys.json").content)
    output = StringIO()

    with django_assert_num_queries(0):
        call_command("verify_receipt", str(file), "--keys", str(keys), stdout=output)

    assert json.loads(output.getvalue()) == CLAIMS


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "1", "null", "{}", "[" * 20_000),
        *('{"keys": null}', '{"keys": 1}', '{"keys": {}}', '{"keys": [1]}', '{"keys": ["a"]}'),
    ],
    ids=range(12),
)
def test_a_file_of_keys_that_holds_none_is_told_and_nothing_else_is_believed(
    receipt, tmp_path: Path, text
):
    file, keys = tmp_path / "receipt", tmp_path / "keys.json"
    file.write_text(receipt)
    keys.write_text(text)

    with pytest.raises(CommandError, match="can't be read"):
        call_command("verify_receipt", str(file), "--keys", str(keys))


@pytest.mark.parametrize(
    "jwk",
    [{}, {"x": 1}, {"x": None}, {"x": ""}, {"x": "AAAA"}, {"x": "é"}, {"crv": []}, {"kid": {}}],
    ids=str,
)
def test_a_key_that_is_none_verifies_nothing(receipt, tmp_path: Path, jwk):
    file, keys = tmp_path / "receipt", tmp_path / "keys.json"
    file.write_text(receipt)
    [ours] = receipts.public_keys()["keys"]
    ours.pop("x")
    keys.write_text(json.dumps({"keys": [{**ours, **jwk}]}))

    with pytest.raises(CommandError, match="isn't a genuine receipt"):
        call_command("verify_receipt", str(file), "--keys", str(keys))
