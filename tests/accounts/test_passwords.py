"""What a password may be, and how it is kept (SECURITY C3, H16, H19; NIST SP 800-63B-4)."""

import os
import subprocess
import sys
import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha512

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    check_password,
    identify_hasher,
    make_password,
)
from django.test import Client as Browser

from accounts import hashing
from accounts.hashing import BoundedArgon2PasswordHasher
from tests.accounts import flow
from tests.accounts.conftest import make_person

User = get_user_model()


@pytest.fixture
def quick_hashes():
    """None here: the hashes cost what they cost."""


def refusal(password: str, **fields: str) -> str:
    """The page of a sign-up with this password; empty if it was accepted."""
    answer = flow.ask_for_account(Browser(), "carol@example.com", password=password, **fields)
    return answer.content.decode() if answer.status_code == 400 else ""


@pytest.mark.django_db
def test_fifteen_characters_are_needed_where_the_password_is_the_only_factor():
    assert "at least 15 characters" in refusal("fourteen chars")
    assert not refusal("fifteen charact")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "password",
    [
        "only small letters here",
        "spaces     and spaces",
        "ψάρι στο ποτάμι",
        "🦆🐟🌵🎷🚲🧊🪁🍋🦔🪐🎲🧵🪵🫖🦉",
        " leading and trailing ",
        sha512(b"x").hexdigest(),
        " ".join(sha512(bytes([n])).hexdigest() for n in range(20)),
    ],
)
def test_no_composition_is_demanded_and_nothing_is_cut_or_stripped(password):
    browser = Browser()
    flow.sign_up(browser, "carol@example.com", password=password)

    assert flow.is_signed_in(browser)
    for other in {password[:-1], password[1:], password.upper(), password.strip()} - {password}:
        assert not check_password(other, User.objects.get().password)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "password", ["1q2w3e4r5t6y7u8i", "1234567890QWERTYuiop", "123456789101112"]
)
def test_common_passwords_are_refused(password):
    assert "too common" in refusal(password)


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["carol@example.com", "carol liddell of", "Carol Liddell Ox"])
def test_the_persons_own_name_and_address_are_refused(password):
    assert "too similar" in refusal(password, name="Carol Liddell Of")


@pytest.mark.django_db
def test_the_same_password_typed_on_another_keyboard_is_the_same():
    composed = unicodedata.normalize("NFC", "vierzehn Bücher übrig")
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    flow.sign_up(Browser(), "carol@example.com", password=decomposed)

    for typed in (composed, decomposed):
        assert flow.sign_in(Browser(), "carol@example.com", typed).status_code == 302


@pytest.mark.django_db
def test_it_is_the_same_too_where_it_was_set_by_a_command():
    typed = unicodedata.normalize("NFD", "vierzehn Bücher übrig")
    User.objects.create_user("carol@example.com", typed)

    assert flow.sign_in(Browser(), "carol@example.com", typed).status_code == 302


@pytest.mark.django_db
def test_marks_that_are_typed_apart_do_not_make_a_short_password_long():
    assert "at least 15 characters" in refusal("e\u0301" * 14)


@pytest.mark.django_db
def test_a_password_too_long_to_be_one_is_told_so_and_never_hashed(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a password was hashed")

    monkeypatch.setattr(BoundedArgon2PasswordHasher, "encode", refuse)
    monkeypatch.setattr(BoundedArgon2PasswordHasher, "verify", refuse)

    assert "at most 4096 characters" in refusal("x" * 4097)
    assert flow.sign_in(Browser(), "alice@example.com", "x" * 1_000_000).status_code == 400


@pytest.mark.django_db
def test_a_browser_is_not_told_to_cut_what_is_pasted():
    for path in ("/signin/", "/signup/"):
        page = Browser().get(path).content.decode()
        field = page[page.index('name="password"') - 30 :].partition(">")[0]
        assert "maxlength" not in field


def test_new_passwords_are_argon2id_hashes_that_any_django_reads():
    kept = make_password(flow.PASSWORD)

    assert kept.startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")
    assert isinstance(identify_hasher(kept), BoundedArgon2PasswordHasher)
    assert Argon2PasswordHasher().verify(flow.PASSWORD, kept)


@pytest.mark.django_db
def test_older_and_weaker_hashes_are_replaced_at_the_next_sign_in():
    weaker = BoundedArgon2PasswordHasher()
    weaker.time_cost = 1
    for number, kept in enumerate(
        [
            make_password(flow.PASSWORD, hasher="pbkdf2_sha256"),
            make_password(flow.PASSWORD, hasher="scrypt"),
            weaker.encode(flow.PASSWORD, weaker.salt()),
        ]
    ):
        person = make_person(f"person{number}@example.com", password=kept)
        browser = Browser()

        flow.sign_in(browser, person.email)

        person.refresh_from_db()
        assert person.password.startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")
        assert flow.is_signed_in(browser)
        assert check_password(flow.PASSWORD, person.password)


@pytest.mark.parametrize("verb", ["encode", "verify"])
def test_no_more_computations_run_at_once_than_there_are_turns(monkeypatch, verb):
    monkeypatch.setattr(hashing, "turns", threading.BoundedSemaphore(2))
    running, most, lock = [0], [0], threading.Lock()
    both = threading.Event()

    def computing(self, *args):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
            if running[0] == 2:
                both.set()
        both.wait(timeout=30)
        with lock:
            running[0] -= 1

    kept = make_password("x")
    monkeypatch.setattr(Argon2PasswordHasher, verb, computing)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: getattr(BoundedArgon2PasswordHasher(), verb)("x", kept), range(40)))

    assert most[0] == 2


MANY_AT_ONCE = """
import resource
from concurrent.futures import ThreadPoolExecutor
from django.conf import settings
settings.configure(PASSWORD_HASHERS=["accounts.hashing.BoundedArgon2PasswordHasher"])
from threading import BoundedSemaphore
from accounts import hashing
hashing.turns = BoundedSemaphore(2)
hashing.BoundedArgon2PasswordHasher.memory_cost = 4 * 1024
hashing.BoundedArgon2PasswordHasher.parallelism = 1
from django.contrib.auth.hashers import check_password, make_password
kept = make_password("x")
one = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with ThreadPoolExecutor(200) as pool:
    assert all(pool.map(lambda _: check_password("x", kept), range(200)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - one)
"""


def test_200_sign_ins_at_once_take_the_memory_of_those_whose_turn_it_is():
    """H16, measured with computations of 4 MiB: two at once take 8 MiB, and all of them 130 and
    more, according to how many the machine gets to at once."""
    done = subprocess.run(
        [sys.executable, "-c", MANY_AT_ONCE],
        # Blocks of the real size go back to the system at once; let these do so too.
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": str(1024 * 1024)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(done.stdout) < 40 * 1024, "more KiB than two turns and 200 threads would take"
