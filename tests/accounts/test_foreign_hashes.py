"""Password hashes of other systems: each by a published one, kept, bounded, and replaced."""

import hashlib
import re
import unicodedata
from base64 import b64decode
from collections import Counter

import argon2
import bcrypt
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import (
    BCryptSHA256PasswordHasher,
    check_password,
    identify_hasher,
    make_password,
)
from django.test import Client as Browser

from accounts import cleanup, even_work, hash_kinds, hashing
from accounts.checks import check_settings
from accounts.foreign_hashers import CLASSES, Bcrypt, FirebaseScrypt, ForeignHasher
from accounts.hashing import BoundedArgon2PasswordHasher
from accounts.importing import hashes, keycloak
from accounts.importing.hashes import HashRefused
from accounts.models import ImportedHashKind
from ostiary import events
from tests.accounts import exports, flow
from tests.accounts.conftest import make_person
from tests.accounts.test_enumeration import pad, see

User = get_user_model()

SCRYPT_DIGEST = (
    "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
    "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
)
PUBLISHED = {
    "RFC 6070, PBKDF2 with SHA-1": (
        "password",
        lambda: hashes.pbkdf2(
            "sha1", 4096, b"salt", bytes.fromhex("4b007901b765489abead49d926f721d065a429c1")
        ),
    ),
    "Keycloak, PBKDF2 with SHA-256": ("admin", lambda: keycloak._hash(exports.KEYCLOAK_ADMIN)),
    "Keycloak before 8": (
        "admin",
        lambda: keycloak._hash(
            {
                "type": "password",
                "algorithm": "pbkdf2-sha256",
                "hashIterations": 27500,
                "salt": "x/bm4Y3DcuV9eU97ervkPA==",
                "hashedSaltedValue": "1u7BLvfSPxQFpwc5jpGSA+88EGl9pZYKhaZ8YPIu9N4=",
            }
        ),
    ),
    "Keycloak 26, Argon2id": ("secret", lambda: keycloak._hash(exports.KEYCLOAK_ARGON2)),
    "passlib, PBKDF2 with SHA-256": (
        "password",
        lambda: hashes.phc(
            "$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44"
        ),
    ),
    "Azure IoT and Auth0, PBKDF2 with SHA-512": (
        "password",
        lambda: hashes.phc(
            "$pbkdf2-sha512$i=100000,l=64$HqJwOCHweNk1pLryiu3RsA$KVSvxKYcibIG5S5n55RvxKRTdAAfCUtBJ"
            "oy5IuFzdSZyzkwvUcU+FPawEWFPn+06JyZsndfRTfpiEh+2eSJLkg"
        ),
    ),
    "RFC 7914, scrypt": (
        "pleaseletmein",
        lambda: hashes.scrypt(14, 8, 1, b"SodiumChloride", bytes.fromhex(SCRYPT_DIGEST)),
    ),
    "Firebase, its own scrypt": (
        exports.FIREBASE_PASSWORD,
        lambda: hashes.firebase(
            8,
            14,
            b64decode(exports.FIREBASE_HASH["salt"]),
            b64decode(exports.FIREBASE_HASH["passwordHash"]),
        ),
    ),
    "jBCrypt": ("abc", lambda: hashes.phc(exports.AUTH0_BCRYPT)),
    "crypt_blowfish": (
        "U*U",
        lambda: hashes.bcrypt("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ),
    "crypt_blowfish, beyond 72 bytes": (
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 "
        "are ignored",
        lambda: hashes.bcrypt("$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"),
    ),
}


@pytest.fixture(autouse=True)
def firebase_project(settings):
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, **exports.FIREBASE}


@pytest.mark.parametrize("which", PUBLISHED)
def test_a_published_hash_is_read(which):
    password, kept = PUBLISHED[which]
    encoded = kept()

    assert len(encoded) <= 128
    assert check_password(password, encoded)
    assert not check_password(f"x{password}", encoded)
    assert not check_password("", encoded)


@pytest.mark.parametrize("which", PUBLISHED)
def test_the_admin_shows_none_of_it_in_clear(which):
    encoded = PUBLISHED[which][1]()

    told = " ".join(map(str, identify_hasher(encoded).safe_summary(encoded).values()))

    salt, digest = encoded.rpartition("$")[0].rpartition("$")[2], encoded.rpartition("$")[2]
    assert digest not in told
    assert len(salt) < 7 or salt not in told


@pytest.mark.parametrize(
    "made",
    [
        lambda: make_password("a long passphrase", hasher="pbkdf2_sha256"),
        lambda: make_password("a long passphrase", hasher="scrypt"),
        lambda: make_password("a long passphrase", hasher="argon2"),
        lambda: BCryptSHA256PasswordHasher().encode(
            "a long passphrase", b"$2b$04$CCCCCCCCCCCCCCCCCCCCC."
        ),
        lambda: Bcrypt().encode("a long passphrase", b"$2b$04$CCCCCCCCCCCCCCCCCCCCC."),
    ],
)
def test_a_hash_of_another_django_is_read(made):
    assert check_password("a long passphrase", hashes.phc(made()))


WERKZEUG = [
    "scrypt:32768:8:1$I345F6CzuUYC7XnZ$644d4cf6c7109c6c119663f5506465e85237f19dbdce3bdc9de39f8f136ce"
    "3304018c6a0c6e2a8765a5e6c10daf334d314f427c498b8ff7504a84ea8a1c61c1d",
    "pbkdf2:sha256:1000$qAUrJgjiCn8oWM2Q$a726373cd70dcfe028b4b5e99725ef52fd16d7035ede949f09bf5bec2d2"
    "bb535",
]
"""By ``werkzeug.security.generate_password_hash`` 3.1."""


@pytest.mark.parametrize("made", WERKZEUG)
def test_a_hash_of_flask_is_read(made):
    assert check_password("a long passphrase", hashes.phc(made))
    assert not check_password("another passphrase", hashes.phc(made))


DIGEST = bytes(range(64))
BOMBS = {
    "iterations": lambda: hashes.pbkdf2("sha512", 10**8, b"salt", DIGEST),
    "no iterations": lambda: hashes.pbkdf2("sha512", 0, b"salt", DIGEST),
    "iterations below none": lambda: hashes.pbkdf2("sha512", -1, b"salt", DIGEST),
    "iterations that are no number": lambda: hashes.pbkdf2("sha512", "1e9", b"salt", DIGEST),
    "iterations that are true": lambda: hashes.pbkdf2("sha512", True, b"salt", DIGEST),
    "memory of scrypt": lambda: hashes.scrypt(20, 8, 1, b"salt", DIGEST),
    "lanes of scrypt": lambda: hashes.scrypt(14, 8, 1000, b"salt", DIGEST),
    "cost of bcrypt": lambda: hashes.bcrypt(
        "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
    ),
    "memory of Argon2": lambda: hashes.phc(
        "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$" + "A" * 43
    ),
    "passes of Argon2": lambda: hashes.phc(
        "$argon2id$v=19$m=65536,t=9999,p=1$c2FsdHNhbHQ$" + "A" * 43
    ),
    "memory of Firebase": lambda: hashes.firebase(8, 30, b"salt", DIGEST),
}
UNFIT = {
    "no salt": lambda: hashes.pbkdf2("sha256", 1000, b"", DIGEST),
    "a digest of a byte": lambda: hashes.pbkdf2("sha256", 1000, b"salt", b"x"),
    "a salt too long for the column": lambda: hashes.pbkdf2("sha256", 1000, b"s" * 200, DIGEST),
    "no base64": lambda: hashes.binary("%%%"),
    "no hex": lambda: hashes.binary("xyz", "hex"),
    "no text": lambda: hashes.binary(None),
    "MD5": lambda: hashes.phc("5f4dcc3b5aa765d61d8327deb882cf99"),
    "sha512-crypt": lambda: hashes.phc("$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO"),
    "an algorithm of tomorrow": lambda: hashes.phc("$argon9$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAA"),
    "a list": lambda: hashes.phc(["$2b$10$"]),
    "scrypt's N": lambda: hashes.log2(1000),
    "Argon2 without memory": lambda: hashes.phc("$argon2id$v=19$t=1,p=1$c2FsdHNhbHQ$" + "A" * 43),
    "an unusable password": lambda: hashes.phc(make_password(None)),
    "bcrypt that was cut": lambda: hashes.phc(exports.AUTH0_BCRYPT[:-1]),
    "broken Keycloak": lambda: keycloak._hash({"credentialData": "{", "secretData": "[]"}),
    "Keycloak without parameters": lambda: keycloak._hash(
        {"credentialData": '{"algorithm": "argon2"}', "secretData": "{}"}
    ),
}


@pytest.mark.parametrize("which", BOMBS)
def test_a_hash_bomb_is_refused(which):
    with pytest.raises(HashRefused, match=r"work factor|isn't a number"):
        BOMBS[which]()


@pytest.mark.parametrize("which", UNFIT)
def test_what_is_no_hash_that_we_read_is_refused(which):
    with pytest.raises(HashRefused):
        UNFIT[which]()


def test_no_hash_is_made_in_a_foreign_way():
    for hasher in CLASSES:
        if issubclass(hasher, ForeignHasher):
            with pytest.raises(NotImplementedError):
                hasher().encode("a long passphrase", "salt")


@pytest.mark.django_db
def test_without_the_signer_key_who_came_from_firebase_can_not_sign_in_and_the_log_says_why(
    settings, caplog
):
    password, kept = PUBLISHED["Firebase, its own scrypt"]
    make_person("alice@example.com", password=kept())
    ImportedHashKind.objects.create(kind=hash_kinds.kind_of(kept()))
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "FIREBASE_SIGNER_KEY": ""}

    assert flow.sign_in(Browser(), "alice@example.com", password).status_code == 400
    assert caplog.text.count("FIREBASE_SIGNER_KEY") == 1


@pytest.mark.django_db
def test_without_the_signer_key_nothing_is_logged_of_the_failures_of_others(settings, caplog):
    ImportedHashKind.objects.create(
        kind=hash_kinds.kind_of(PUBLISHED["Firebase, its own scrypt"][1]())
    )
    make_person("bob@example.com")
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "FIREBASE_SIGNER_KEY": ""}

    for name in ("bob@example.com", "nobody@example.com"):
        assert flow.sign_in(Browser(), name, "a wrong password").status_code == 400

    assert "FIREBASE_SIGNER_KEY" not in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("which", PUBLISHED)
def test_the_first_sign_in_puts_argon2id_in_its_place(which):
    password, kept = PUBLISHED[which]
    person = make_person("alice@example.com", password=kept())

    assert flow.sign_in(Browser(), person.email, f"x{password}").status_code == 400
    person.refresh_from_db()
    assert person.password == kept()
    assert flow.sign_in(Browser(), person.email, password).status_code == 302

    person.refresh_from_db()
    assert re.match(r"argon2\$argon2id\$v=19\$m=1024,t=2,p=1\$", person.password)
    assert flow.sign_in(Browser(), person.email, password).status_code == 302


@pytest.mark.django_db
def test_a_password_beyond_what_bcrypt_sees_is_whole_after_the_first_sign_in():
    password, kept = PUBLISHED["crypt_blowfish, beyond 72 bytes"]
    make_person("alice@example.com", password=kept())
    assert flow.sign_in(Browser(), "alice@example.com", password).status_code == 302

    assert flow.sign_in(Browser(), "alice@example.com", password[:72]).status_code == 400


# --- passwords that are another text in their normal form ---------------------------------------

OTHER_TEXTS = {
    "decomposed, as old macOS types it": unicodedata.normalize("NFD", "Zürich-mañana-żółw"),
    "KELVIN SIGN and ANGSTROM SIGN": "full\u212bwidth-kelvin-\u212a-password",
    "Devanagari and Bengali nukta, which the normal form takes apart": "\u0958-nukta-\u09dc-pass",
}
OF_RAW_TEXT = {
    "PBKDF2": lambda text: hashes.pbkdf2(
        "sha512", 10, b"salt", hashlib.pbkdf2_hmac("sha512", text.encode(), b"salt", 10)
    ),
    "scrypt": lambda text: hashes.scrypt(
        4, 8, 1, b"salt", hashlib.scrypt(text.encode(), salt=b"salt", n=16, r=8, p=1)
    ),
    "bcrypt": lambda text: hashes.phc(
        bcrypt.hashpw(text.encode(), b"$2b$04$CCCCCCCCCCCCCCCCCCCCC.").decode()
    ),
    "bcrypt_sha256": lambda text: hashes.phc(
        BCryptSHA256PasswordHasher().encode(text, b"$2b$04$CCCCCCCCCCCCCCCCCCCCC.")
    ),
    "Argon2 with our own parameters": lambda text: hashes.phc(
        argon2.PasswordHasher(memory_cost=1024, time_cost=2, parallelism=1).hash(text)
    ),
    "Argon2 as earlier versions of ours kept it": lambda text: (
        "argon2" + argon2.PasswordHasher(memory_cost=512, time_cost=1, parallelism=1).hash(text)
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("typed", OTHER_TEXTS.values(), ids=OTHER_TEXTS)
@pytest.mark.parametrize("make", OF_RAW_TEXT.values(), ids=OF_RAW_TEXT)
def test_a_hash_of_what_was_typed_lets_in_who_types_it_again(make, typed):
    """element-hq/matrix-authentication-service #4599."""
    person = make_person("alice@example.com", password=make(typed))

    assert flow.sign_in(Browser(), person.email, f"x{typed}").status_code == 400
    assert flow.sign_in(Browser(), person.email, typed).status_code == 302

    person.refresh_from_db()
    assert person.password.startswith("argon2$argon2id$v=19$m=1024,t=2,p=1$")
    assert flow.sign_in(Browser(), person.email, typed).status_code == 302
    normal = unicodedata.normalize("NFC", typed)
    assert flow.sign_in(Browser(), person.email, normal).status_code == 302


@pytest.mark.django_db
def test_the_present_password_is_known_in_the_spelling_that_was_hashed(browser):
    """Of someone who signed in by something else, so that the hash is still the imported one."""
    typed = OTHER_TEXTS["KELVIN SIGN and ANGSTROM SIGN"]
    person = make_person("alice@example.com", password=OF_RAW_TEXT["PBKDF2"](typed))
    browser.force_login(person)

    form = {"current_password": typed, "password": flow.NEW_PASSWORD}
    assert browser.post("/account/security/", form).status_code == 302

    assert flow.sign_in(Browser(), person.email, flow.NEW_PASSWORD).status_code == 302


# --- nothing tells who was imported (SECURITY C1) ------------------------------------------------


@pytest.fixture
def computed(monkeypatch):
    """The kinds of hashes that are computed, in alphabetical order."""
    kinds = []

    def note(kind, original=hash_kinds.note):
        kinds.append(kind)
        original(kind)

    monkeypatch.setattr(hash_kinds, "note", note)
    return kinds


IMPORTED = ["Keycloak 26, Argon2id", "Keycloak, PBKDF2 with SHA-256", "jBCrypt"]


@pytest.fixture
def imported_people(db):
    events.record(
        "signin.failed", personal={"email": "first@example.com"}
    )  # makes the log's key of the day, whoever it is about
    for number, which in enumerate(IMPORTED):
        encoded = PUBLISHED[which][1]()
        make_person(pad(f"imported{number}"), password=encoded)
        ImportedHashKind.objects.create(kind=hash_kinds.kind_of(encoded))
    make_person(pad("native"))
    make_person(pad("passwordless"), password=make_password(None))


@pytest.mark.parametrize("who", ["native", "passwordless", "imported0", "imported1", "imported2"])
def test_a_wrong_password_costs_the_same_hashes_for_imported_and_unknown(
    imported_people, computed, who
):
    form = {"password": "a wrong password", "next": ""}

    unknown = see("/signin/", "identifier", pad("unknown"), computed, **form)
    kinds_of_unknown = sorted(computed)
    seen = see("/signin/", "identifier", pad(who), computed, **form)

    assert kinds_of_unknown == [
        "argon2_b$argon2id$v=19$m=7168,t=5,p=1",
        "bcrypt$$2a$10",
        "pb256$27500",
        hash_kinds.USUAL,
    ]
    assert sorted(computed) == kinds_of_unknown
    assert seen == unknown


@pytest.mark.parametrize("who", ["native", "passwordless", "imported0", "imported1", "imported2"])
def test_a_wrong_password_with_two_spellings_costs_everybody_the_same(
    imported_people, computed, who
):
    form = {"password": OTHER_TEXTS["KELVIN SIGN and ANGSTROM SIGN"], "next": ""}

    unknown = see("/signin/", "identifier", pad("unknown"), computed, **form)
    kinds_of_unknown = sorted(computed)
    seen = see("/signin/", "identifier", pad(who), computed, **form)

    assert kinds_of_unknown.count(hash_kinds.USUAL) == 1
    assert len(kinds_of_unknown) == 1 + 2 * len(IMPORTED)
    assert sorted(computed) == kinds_of_unknown
    assert seen == unknown


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["a wrong password", *OTHER_TEXTS.values()])
def test_where_nobody_was_imported_one_hash_is_computed(computed, password):
    make_person("native@example.com")

    for name in ("native@example.com", "unknown@example.com"):
        computed.clear()
        flow.sign_in(Browser(), name, password)
        assert computed == [hash_kinds.USUAL]


@pytest.mark.django_db
def test_each_kind_has_a_stand_in_that_costs_what_it_costs(computed):
    for _, kept in PUBLISHED.values():
        kind = hash_kinds.kind_of(kept())
        computed.clear()
        even_work.make_up([hash_kinds.USUAL], "a password", [kind])
        assert computed == [kind]


@pytest.fixture
def blocks(monkeypatch):
    """How often PBKDF2 goes round, by digest: so many iterations for each block."""
    gone = Counter()

    def counted(name, password, salt, rounds, length, original=hashlib.pbkdf2_hmac):
        gone[name] += rounds * -(-length // hashlib.new(name).digest_size)
        return original(name, password, salt, rounds, length)

    monkeypatch.setattr(hashlib, "pbkdf2_hmac", counted)
    return gone


@pytest.mark.parametrize(("name", "bytes_of_it"), [("sha1", 20), ("sha256", 32), ("sha512", 64)])
@pytest.mark.parametrize("password", ["a wrong password", *OTHER_TEXTS.values()])
def test_pbkdf2_of_many_iterations_costs_what_the_dearest_does(blocks, name, bytes_of_it, password):
    """Whoever was looked at: nobody, or somebody with few iterations, more or the most."""
    imported = [
        hashes.pbkdf2(name, rounds, b"a salt", b"x" * bytes_of_it) for rounds in (70, 1000, 300)
    ]
    kinds = [hash_kinds.kind_of(encoded) for encoded in imported]
    costs = []
    for encoded in (None, *imported):
        blocks.clear()
        done = [hash_kinds.USUAL]
        if encoded:
            identify_hasher(encoded).verify(password, encoded)
            done = [hash_kinds.kind_of(encoded)] * len(hashing.spellings(password))
        even_work.make_up(done, password, kinds)
        costs.append(blocks[name])

    assert costs == [1000 * len(hashing.spellings(password))] * 4


def test_an_argon2_hash_of_our_own_parameters_is_no_kind_of_its_own():
    assert BoundedArgon2PasswordHasher().kind(make_password("x")) == hash_kinds.USUAL


@pytest.mark.django_db
def test_kinds_are_forgotten_when_nobody_has_such_a_hash_any_more():
    password, kept = PUBLISHED["jBCrypt"]
    make_person("alice@example.com", password=kept())
    ImportedHashKind.objects.create(kind=hash_kinds.kind_of(kept()))
    assert cleanup.forget_hash_kinds() == 0
    flow.sign_in(Browser(), "alice@example.com", password)

    assert cleanup.forget_hash_kinds() == 1
    assert not ImportedHashKind.objects.exists()


def test_a_signer_key_that_is_none_is_told_at_the_start(settings):
    for name in exports.FIREBASE:
        settings.OSTIARY_ACCOUNTS = {**exports.FIREBASE, name: "§"}
        [problem] = check_settings(None)
        assert name in problem.msg


def test_firebases_digest_is_of_the_project(settings):
    password, kept = PUBLISHED["Firebase, its own scrypt"]
    settings.OSTIARY_ACCOUNTS = {**exports.FIREBASE, "FIREBASE_SALT_SEPARATOR": "AA=="}

    assert not FirebaseScrypt().verify(password, kept())
