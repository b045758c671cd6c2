"""Passwords from breaches are refused, and noticed where they are in use (SECURITY C3)."""

import hashlib
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.test import Client as Browser

from accounts import breached
from ostiary.models import Event
from ostiary.privacy import pseudonym_of
from tests.accounts import flow

pytestmark = pytest.mark.django_db

STOLEN = flow.PASSWORD


def sha1(password):
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


class Service:
    """A range service on this machine, with what it was asked."""

    def __init__(self):
        self.asked, self.stolen = [], {}
        self.answer, self.status, self.drip = None, 200, 0.0
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                service.asked.append((self.path, dict(self.headers)))
                prefix = self.path.rpartition("/")[2]
                lines = ["0" * 34 + "A:3", "F" * 35 + ":0"]
                for password, count in service.stolen.items():
                    if sha1(password).startswith(prefix):
                        lines.append(f"{sha1(password)[5:]}:{count}")
                body = service.answer or "\r\n".join(lines).encode()
                self.send_response(service.status)
                if service.status == 302:
                    self.send_header("Location", "/elsewhere/")
                self.end_headers()
                try:
                    if service.drip:
                        for byte in body:
                            self.wfile.write(bytes([byte]))
                            time.sleep(service.drip)
                    else:
                        self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *args):
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/range/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def service(settings):
    """The site asks a service."""
    running = Service()
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "BREACHED_PASSWORDS_URL": running.url}
    cache.clear()
    yield running
    running.stop()
    cache.clear()


def test_the_service_is_told_five_digits_and_nothing_else(service):
    service.stolen[STOLEN] = 7

    assert breached.is_breached(STOLEN)

    [(path, headers)] = service.asked
    assert path == f"/range/{sha1(STOLEN)[:5]}"
    assert headers["Add-Padding"] == "true"
    assert sha1(STOLEN)[5:] not in str(service.asked)


def test_lines_that_only_pad_mean_nothing(service):
    service.stolen[STOLEN] = 0

    assert not breached.is_breached(STOLEN)
    assert not breached.is_breached("another password of mine")


@pytest.mark.parametrize(
    ("status", "answer"), [(500, None), (404, None), (302, None), (200, b"x" * 1_000_001)]
)
def test_a_service_that_fails_keeps_nobody_out_and_is_left_alone_a_while(service, status, answer):
    service.status, service.answer = status, answer
    service.stolen[STOLEN] = 1

    assert not breached.is_breached(STOLEN)
    assert not breached.is_breached(STOLEN)

    assert len(service.asked) == 1
    assert Event.objects.get(kind="password.breach_check_failed").outcome == "failure"


def test_a_service_that_is_not_there_keeps_nobody_out(settings):
    settings.OSTIARY_ACCOUNTS = {"BREACHED_PASSWORDS_URL": "http://127.0.0.1:1/range/"}

    validate_password(STOLEN)

    assert Event.objects.filter(kind="password.breach_check_failed").count() == 1


def test_a_service_that_drips_is_given_two_seconds(service, monkeypatch):
    monkeypatch.setattr(breached, "TIMEOUT_SECONDS", 0.2)
    service.drip = 0.05
    began = time.monotonic()

    assert not breached.is_breached(STOLEN)

    assert breached.TIMEOUT_SECONDS <= 2
    assert time.monotonic() - began < 60 * 0.05  # the whole answer takes longer


def test_whatever_the_service_says_is_only_read(service):
    for answer in (b"\xff\x00\n::::\n\n", b"<html>", (sha1(STOLEN)[5:] + ":many").encode()):
        service.answer = answer
        breached.is_breached(STOLEN)


def test_the_file_of_hashes_answers_as_the_service_does(settings, tmp_path):
    stolen = [f"password number {number}" for number in range(200)]
    hashes = sorted(sha1(password) for password in stolen)
    for number, text in enumerate(
        [
            "".join(f"{one}:{random.randint(1, 10**6)}\r\n" for one in hashes),
            "\n".join(hashes),
            "".join(f"{one.lower()}\n" for one in hashes),
        ]
    ):
        path = tmp_path / f"{number}.txt"
        path.write_text(text)
        settings.OSTIARY_ACCOUNTS = {"BREACHED_PASSWORDS_FILE": str(path)}

        assert all(breached.is_breached(password) for password in stolen)
        assert not any(breached.is_breached(f"free number {number}") for number in range(200))


def test_an_empty_file_and_one_that_is_gone_hold_nothing(settings, tmp_path):
    path = tmp_path / "hashes.txt"
    path.write_text("")
    settings.OSTIARY_ACCOUNTS = {"BREACHED_PASSWORDS_FILE": str(path)}
    assert not breached.is_breached(STOLEN)

    path.unlink()
    assert not breached.is_breached(STOLEN)


def test_a_breached_password_is_refused_at_sign_up_change_and_recovery(service, person):
    service.stolen[flow.NEW_PASSWORD] = 1
    refusal = "has appeared in a data breach"

    answer = flow.ask_for_account(Browser(), "carol@example.com", password=flow.NEW_PASSWORD)
    assert refusal in answer.content.decode()
    answer = flow.recover(Browser(), flow.recovery_link(person.email))
    assert refusal in answer.content.decode()
    browser = Browser()
    flow.sign_in(browser, person.email)
    answer = browser.post(
        "/account/security/",
        {"current_password": flow.PASSWORD, "password": flow.NEW_PASSWORD},
    )
    assert refusal in answer.content.decode()
    person.refresh_from_db()
    assert person.check_password(flow.PASSWORD)


def test_with_neither_service_nor_file_nothing_is_asked(
    settings, person, django_assert_num_queries
):
    settings.OSTIARY_ACCOUNTS = {}

    with django_assert_num_queries(0):
        validate_password(STOLEN)


def test_who_signs_in_by_a_breached_password_is_told_on_the_page_and_by_mail(
    service, browser, person
):
    service.stolen[STOLEN] = 5

    flow.sign_in(browser, person.email)

    assert "has appeared in a data breach" in browser.get("/account/").content.decode()
    assert Event.objects.get(kind="password.breached").subject == pseudonym_of(person)
    told = [message for message in flow.delivered() if "Change your password" in message.subject]
    assert [message.to for message in told] == [[person.email]]
    assert flow.link_in(told[0]) == "/account/security/"


def test_one_password_is_asked_about_once_a_week_and_mailed_about_once(service, person):
    service.stolen[STOLEN] = 5
    for _ in range(3):
        flow.sign_in(Browser(), person.email)

    assert len(service.asked) == 1
    assert len([m for m in flow.delivered() if "Change your password" in m.subject]) == 1


def test_a_wrong_password_is_not_asked_about(service, browser, person):
    flow.sign_in(browser, person.email, "a wrong password")

    assert service.asked == []


@pytest.fixture
def the_step(settings):
    """The operator has breached passwords changed."""
    settings.OSTIARY = {**settings.OSTIARY, "SIGNIN_STEPS": [breached.STEP]}


def test_the_step_lets_nobody_in_before_the_password_is_another(service, the_step, browser, person):
    service.stolen[STOLEN] = 5
    other = Browser()
    flow.sign_in(other, person.email, next="/account/profile/")

    answer = flow.sign_in(browser, person.email, next="/account/profile/")

    assert answer["Location"] == "/signin/new-password/?next=%2Faccount%2Fprofile%2F"
    assert not flow.is_signed_in(browser)
    assert "has appeared in a data breach" in browser.get("/signin/new-password/").content.decode()
    assert browser.post("/signin/new-password/", {"password": STOLEN}).status_code == 400
    assert not flow.is_signed_in(browser)
    answer = browser.post("/signin/new-password/", {"password": flow.NEW_PASSWORD})
    assert answer["Location"] == "/account/profile/"
    assert flow.is_signed_in(browser)
    person.refresh_from_db()
    assert person.check_password(flow.NEW_PASSWORD)
    assert other.post("/signin/new-password/", {"password": "x" * 20})["Location"] == "/signin/"


def test_the_step_is_nobodys_who_has_a_good_password(service, the_step, browser, person):
    assert flow.sign_in(browser, person.email)["Location"] == "/account/"
    assert browser.get("/signin/new-password/")["Location"] == "/signin/"


def test_password_managers_find_the_page_and_the_rules(browser, signed_in_browser):
    answer = browser.get("/.well-known/change-password")
    assert (answer.status_code, answer["Location"]) == (302, "/account/security/?change-password=1")

    for path, window in (("/signup/", browser), ("/account/security/", signed_in_browser)):
        assert 'passwordrules="minlength: 20;"' in window.get(path).content.decode()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"BREACHED_PASSWORDS_URL": "http://pwned.example/range/"}, "ostiary_accounts.E003"),
        ({"BREACHED_PASSWORDS_URL": "https://pwned.example/range"}, "ostiary_accounts.E003"),
        ({"BREACHED_PASSWORDS_URL": "file:///etc/"}, "ostiary_accounts.E003"),
        ({"BREACHED_PASSWORDS_FILE": "/nowhere"}, "ostiary_accounts.E003"),
        ({"BREACHED_PASSWORD_FILE": "/nowhere"}, "ostiary_accounts.E002"),
        ({"BREACHED_PASSWORDS_URL": True}, "ostiary_accounts.E002"),
    ],
)
def test_settings_that_make_no_sense_are_told(settings, given, told):
    settings.OSTIARY_ACCOUNTS = given

    messages = {m.id for m in run_checks() if m.id.startswith("ostiary_accounts")}

    assert messages == {told}


def test_a_breached_password_of_a_validator_is_named_by_its_code(service):
    service.stolen[STOLEN] = 1

    with pytest.raises(ValidationError) as refused:
        validate_password(STOLEN)

    assert [error.code for error in refused.value.error_list] == ["password_breached"]
