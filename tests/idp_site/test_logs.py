"""Logs are JSON with a request id, and tell no secret (SECURITY G5)."""

import json
import logging

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from idp_site.logs import RequestLogMiddleware, loggable_path, redact
from ostiary import event_chain
from ostiary.event_chain import GENESIS, Head
from tests.idp_site.log_lines import lines_of

SECRET = "mJ9xQ2vLb7Kc4TzR8nWp3YdHs6FgA1eU5oXi0BqVtNM"


@pytest.fixture
def lines():
    """What the site writes, as parsed objects."""
    with lines_of(logging.getLogger(), logging.DEBUG) as written:
        yield written


def serve(request, status=200):
    return RequestLogMiddleware(lambda _: HttpResponse(status=status))(request)


def test_an_access_line_tells_the_request_and_nothing_of_its_query(lines):
    response = serve(RequestFactory().get(f"/oauth/authorize?code={SECRET}&login_hint=a@b.example"))
    (line,) = [line for line in lines() if line["logger"] == "idp_site.access"]
    assert line["method"] == "GET"
    assert line["path"] == "/oauth/authorize"
    assert line["status"] == 200
    assert line["duration_ms"] >= 0
    assert line["request_id"] == response["X-Request-ID"]
    assert line["time"].endswith("Z")


def test_a_safe_request_id_is_kept_and_any_other_replaced():
    given = RequestFactory().get("/", headers={"X-Request-ID": "edge-12345678"})
    assert serve(given)["X-Request-ID"] == "edge-12345678"
    for forged in ("short", "a" * 65, 'x"} {"level": "info', "line\nbreak00"):
        request = RequestFactory().get("/", headers={"X-Request-ID": forged})
        assert serve(request)["X-Request-ID"] != forged


def test_lines_of_one_request_share_its_id(lines):
    def view(request):
        logging.getLogger("any").warning("within")
        return HttpResponse()

    response = RequestLogMiddleware(view)(RequestFactory().get("/"))
    logging.getLogger("any").warning("outside")
    found = {line["message"]: line.get("request_id") for line in lines()}
    assert found["within"] == response["X-Request-ID"]
    assert found["outside"] is None


@pytest.mark.parametrize(
    "text",
    [
        f"code={SECRET}",
        f'{{"refresh_token": "{SECRET}"}}',
        f"{{'client_secret': '{SECRET}'}}",
        f"Authorization: Bearer {SECRET}",
        f"failed for {SECRET} again",
        "id_token_hint=short-one&state=other",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "id-eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "password=correct",
        "alice.archer@example.com could not be reached",
        "sms to +49 170 1234567 failed",
        "GET /callback?short=one",
        "DETAIL: Key (email)=(alice) exists",
    ],
)
def test_redaction_takes_out(text):
    clean = redact(text)
    for marked in (SECRET, "short-one", "other", "eyJ", "correct", "alice", "1234567", "one"):
        assert marked not in clean


@pytest.mark.parametrize(
    "part",
    [
        *("x", "eyJ-", "eyJ.", "x-eyJ", "code", "code ", "code =", "a.b+", "+1", "bearer ", "a@b."),
        *("@", "?", "DETAIL: ", 'token="', "0123-", "'", "-", " "),
    ],
)
@pytest.mark.parametrize("end", ["", ".", "!", "@", "=x", ".x"])
def test_redaction_of_a_long_text_ends(part, end):
    """What is looked at twice here is looked at for hours."""
    assert len(redact(part * (200_000 // len(part)) + end)) <= 200_002 * len("[redacted]")


def test_of_what_somebody_sent_no_more_is_told_than_makes_sense(lines):
    logging.getLogger("tests").warning("Forbidden: %s", "a b " * 50_000)

    [line] = lines()
    assert line["message"].startswith("Forbidden: a b a b")
    assert len(line["message"]) == 4000


def test_redaction_leaves_plain_words():
    text = "Task ostiary.outbox.deliver[8] succeeded in 0.01s: see /srv/site/idp_site/logs.py:12"
    assert redact(text) == text


def test_a_path_tells_ids_but_no_tokens():
    identifier = "0192f0c1-7b2a-7c3d-8e4f-5a6b7c8d9e0f"
    assert loggable_path(f"/recover/{SECRET}/") == "/recover/[redacted]/"
    assert (
        loggable_path(f"/admin/client/{identifier}/change/")
        == f"/admin/client/{identifier}/change/"
    )


def test_neither_extra_fields_nor_exceptions_bring_secrets_in(lines):
    request = RequestFactory().post(f"/x?token={SECRET}", {"password": SECRET})
    try:
        raise ValueError(f"bad token {SECRET}")
    except ValueError:
        logging.getLogger("django.request").exception(
            "Internal Server Error: %s", request.get_full_path(), extra={"request": request}
        )
    (line,) = lines()
    assert SECRET not in json.dumps(line)
    assert "ValueError" in line["exception"]


@pytest.mark.django_db
def test_flows_with_marked_secrets_leave_no_trace_in_the_logs(client, lines):
    secret = {"code": SECRET, "client_secret": SECRET, "password": SECRET, "refresh_token": SECRET}
    client.post("/oauth/token", {"grant_type": "authorization_code", "client_id": "x", **secret})
    client.post("/oauth/token", {"grant_type": "refresh_token", "client_id": "x", **secret})
    client.get("/oauth/authorize", {"client_id": "x", "state": SECRET, "login_hint": SECRET})
    client.get("/oauth/userinfo", headers={"Authorization": f"Bearer {SECRET}"})
    person = {"email": "marked.person@example.com", "name": "Marked Person"}
    client.post("/signin/", {"identifier": person["email"], "password": SECRET})
    client.post("/signup/", {**person, "password": SECRET})
    client.post("/recover/", person)
    client.get("/signup/verify/", {"token": SECRET})
    client.get("/recover/set/", {"token": SECRET})
    client.get(f"/no-such-page/{SECRET}?token={SECRET}")
    text = json.dumps(lines())
    assert "/oauth/token" in text
    assert SECRET not in text
    assert "marked" not in text.lower()


def test_a_head_of_the_event_chain_is_told_whole(lines):
    """So that the log can be its witness (SECURITY H20)."""
    head = Head(0, GENESIS, 1, "ab" * 32, "2026-11-24T10:00:00+00:00", "cd" * 64)
    event_chain.log_head(head)
    [line] = lines()
    assert Head(**line["event_chain_head"]) == head
