"""What no browser sends is answered with a form, a page or a plain refusal: never a 500."""

import io
from urllib.parse import quote_from_bytes

import pytest
from django.test import Client as Browser
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import PendingRegistration
from ostiary.models import OutboxMessage
from tests.accounts import flow

pytestmark = pytest.mark.django_db

FORMS = {
    "/signin/": {"identifier": "alice@example.com", "password": "wrong", "next": ""},
    "/signup/": {"email": "", "name": "Carol", "password": flow.PASSWORD, "next": ""},
    "/recover/": {"email": "", "next": ""},
    "/account/profile/": {"name": "Alice", "locale": "en", "zoneinfo": "UTC"},
    "/account/email/": {"email": "new@example.com"},
    "/account/security/": {"current_password": flow.PASSWORD, "password": "short"},
}
OPEN_FORMS = ["/signin/", "/signup/", "/recover/"]
HOSTILE = {
    "NUL": "a\x00b",
    "megabyte": "a" * 1_000_000,
    "lines": "a\r\nSet-Cookie: x=y\nb",
    "controls": "\x01\x1b[2J\x7f",
    "right-to-left": "\u202eevil",
    "astral": "\U0010ffff" * 50,
    "combining": "a" + "\u0301" * 5000,
    "expanding": "\ufdfa" * 5000,
    "template": "{{ 7|add:7 }}{% load x %}",
    "markup": "<script>alert(1)</script>",
    "percent": "%s %n %(x)s %ff",
}
REFUSALS = {302, 400, 403, 405, 413, 415, 429}


@pytest.mark.parametrize("path", FORMS)
def test_a_hostile_value_in_any_field(signed_in_browser, path):
    browser = Browser() if path in OPEN_FORMS else signed_in_browser
    for name in FORMS[path]:
        for kind, value in HOSTILE.items():
            usual = FORMS[path]
            if "email" in usual:  # another for each, so that no limit is in the way
                usual = {**usual, "email": f"{name}.{kind}@example.com"}
            answer = browser.post(path, {**usual, name: value})
            assert answer.status_code in REFUSALS, (name, kind)
            assert b"<script>alert" not in answer.content


@pytest.mark.parametrize("path", ["/signup/verify/", "/recover/set/", *OPEN_FORMS])
def test_a_hostile_value_in_the_address(browser, path):
    for name in ("token", "next", "login_hint", "acr_values", "reauthenticate"):
        for kind, value in HOSTILE.items():
            answer = browser.get(path, {name: value[:60_000]})
            assert answer.status_code in {200, *REFUSALS}, (name, kind)
            assert b"<script>alert" not in answer.content
        answer = browser.post(f"{path}?{name}=%00%ff%80")
        assert answer.status_code in {200, *REFUSALS}, name


@pytest.mark.parametrize("path", ["/signup/verify/", "/recover/set/"])
@pytest.mark.parametrize("token", ["", "a", "é", "%00", "%ff%fe", "%ED%A0%80", "A" * 5000])
def test_a_token_that_nobody_was_given(browser, path, token):
    answer = browser.get(f"{path}?token={token}", follow=True)

    assert answer.status_code == 400
    assert "no longer works" in answer.content.decode()


@pytest.mark.parametrize("path", OPEN_FORMS)
def test_bodies_that_are_no_form(path):
    for content_type, body in [
        ("application/x-www-form-urlencoded; charset=hex", b"identifier=alice"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"identifier=alice"),
        ("application/json", b'{"identifier": "alice@example.com", "password": "x"}'),
        ("text/plain", b"identifier=alice"),
        ("", b"identifier=alice"),
        ("application/x-www-form-urlencoded", b"\xff\xfe=\x80&password=%ff%fe&email=%ed%a0%80"),
        ("application/x-www-form-urlencoded; charset=utf-16", b"identifier=alice"),
        ("application/x-www-form-urlencoded; charset=unicode_escape", b"email=%5Cud800"),
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        (
            "multipart/form-data; boundary=x; charset=unicode_escape",
            b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n\\ud800\r\n--x--\r\n',
        ),
    ]:
        answer = Browser().generic("POST", path, body, content_type=content_type)
        assert answer.status_code in REFUSALS, content_type


def test_a_file_in_place_of_a_field(browser):
    answer = browser.post("/signin/", {"identifier": io.BytesIO(b"alice"), "password": "x"})

    assert answer.status_code == 400


@pytest.mark.parametrize("path", OPEN_FORMS)
def test_too_many_fields_and_too_large_a_body(browser, path):
    body = "&".join(f"f{i}=1" for i in range(2000))
    assert browser.post(path, body, content_type=flow.FORM).status_code == 400
    body = "password=" + "a" * 3_000_000
    assert browser.post(path, body, content_type=flow.FORM).status_code in (400, 413)


def test_repeated_fields_count_once_and_the_last_decides(browser, person):
    body = (
        "identifier=bob@example.com&identifier=alice@example.com"
        "&password=wrong&password=correct+horse+battery+staple"
    )

    assert browser.post("/signin/", body, content_type=flow.FORM).status_code == 302
    assert "alice@example.com" in browser.get("/account/").content.decode()


@pytest.mark.parametrize(
    "path",
    [
        *OPEN_FORMS,
        "/signout/",
        "/signup/verify/",
        "/signup/check-mail/00000000-0000-7000-8000-000000000000/",
        "/recover/set/",
        "/signin/new-password/",
        "/password/strength/",
    ],
)
def test_methods_that_a_page_does_not_have(browser, path):
    for method in ("PUT", "DELETE", "PATCH", "TRACE"):
        answer = browser.generic(method, path, b"x=y")
        assert answer.status_code == 405, method
        assert "GET" in answer["Allow"]


@pytest.mark.parametrize("path", OPEN_FORMS)
def test_head_answers_as_get_does_without_a_body(browser, path):
    answer = browser.head(path)

    assert answer.status_code == 200
    assert answer.content == b""


@pytest.mark.parametrize("path", ["/account/sessions/others/end/", "/signin/"])
def test_a_cookie_that_is_no_session(path, settings):
    browser = Browser()
    for value in ("", "x", "../../etc/passwd", "a" * 200, "\x01"):
        browser.cookies[settings.SESSION_COOKIE_NAME] = value
        assert browser.get(path).status_code in (200, 302, 405)


def test_a_session_id_in_a_path_that_is_none(signed_in_browser):
    for sid in ("x", "0", "00000000-0000-0000-0000-000000000000", "%00"):
        assert signed_in_browser.post(f"/account/sessions/{sid}/end/").status_code == 404


def test_nothing_odd_reaches_the_tables(browser):
    flow.ask_for_account(browser, "carol@example.com", next="/a\x00b")
    flow.ask_for_account(browser, "carol@example.com", next="/" + "a" * 1_000_000)
    flow.ask_for_account(browser, "carol@example.com", name="a\x00b")

    assert all("\x00" not in kept for kept in PendingRegistration.objects.values_list("next_url"))
    assert all(len(waiting.next_url) < 10_000 for waiting in PendingRegistration.objects.all())
    browser.post("/recover/", {"email": "carol@example.com", "next": "/a\x00b"})
    assert not any("\\u0000" in message.payload for message in OutboxMessage.objects.all())


@hypothesis_settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    path=st.sampled_from(OPEN_FORMS),
    pairs=st.lists(
        st.tuples(
            st.sampled_from(["identifier", "email", "name", "password", "next", "remember", ""]),
            st.binary(max_size=80),
        ),
        max_size=8,
    ),
)
def test_any_bytes_in_any_field(db, path, pairs):
    body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in pairs)
    answer = Browser().post(path, body, content_type=flow.FORM)

    assert answer.status_code in {200, *REFUSALS}
