"""What is answered without Django is what Django would answer, and is told of like all else."""

import io
import json
import logging
import re

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.urls import reverse

from idp_site.kept_answers import KeptAnswers
from oauth import apis, keys
from oauth.models import Api
from tests.idp_site.log_lines import lines_of

pytestmark = pytest.mark.django_db
DOCUMENTS = ("jwks", "openid_configuration", "authorization_server_metadata")


class Counted(WSGIHandler):
    """Django, and how often it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    def __call__(self, environ, start_response):
        self.asked += 1
        return super().__call__(environ, start_response)


def ask(application, path, **environ):
    """Status, headers and body, as a server gets them."""
    told = []
    body = application(
        {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            **environ,
        },
        lambda status, headers: told.extend((status, headers)),
    )
    return told[0], told[1], b"".join(body)


def alike(answer):
    """An answer but for what is another each time, on an error page."""
    status, headers, body = answer
    body = re.sub(rb'(name="csrfmiddlewaretoken" value=")[^"]+', rb"\1", body)
    return status, [each for each in headers if each[0] != "Set-Cookie"], body


def jwks():
    return reverse("ostiary_oauth:jwks")


@pytest.fixture(autouse=True)
def keys_of_this_test(db):
    keys.forget()
    apis.forget()
    yield
    keys.forget()
    apis.forget()


@pytest.fixture(autouse=True)
def _connections_stay_open():
    """Django's handler closes what another request left; here that is the test's own."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def django():
    return Counted()


@pytest.fixture
def site(django):
    return KeptAnswers(django)


@pytest.fixture
def access_lines():
    with lines_of(logging.getLogger("idp_site.access"), logging.INFO) as written:
        yield written


def requests():
    """Each that may be kept, and each that differs from one in what an answer depends on."""
    for name in DOCUMENTS:
        path = reverse(f"ostiary_oauth:{name}")
        etag = dict(ask(WSGIHandler(), path, **{"wsgi.url_scheme": "https"})[1])["ETag"]
        for method in ("GET", "HEAD", "OPTIONS", "POST"):
            yield path, {"REQUEST_METHOD": method}
        yield path, {"REQUEST_METHOD": "HEAD", "HTTP_IF_NONE_MATCH": etag}
        for value in (etag, f'"other", W/{etag}', '"other"', "*", "nonsense"):
            yield path, {"HTTP_IF_NONE_MATCH": value}
            yield path, {"HTTP_IF_MATCH": value}
        yield path, {"HTTP_IF_MODIFIED_SINCE": "Thu, 01 Jan 2099 00:00:00 GMT"}
        yield path, {"HTTP_ORIGIN": "https://app.example", "HTTP_ACCEPT_LANGUAGE": "de"}
        yield path, {"HTTP_HOST": "evil.example"}
        yield path, {"HTTP_HOST": "localhost:8000", "QUERY_STRING": "a=b"}
        yield path, {"wsgi.url_scheme": "https"}
        yield path, {"HTTP_X_FORWARDED_PROTO": "https"}
        yield path, {"CONTENT_TYPE": "text/plain; charset=utf-16", "HTTP_COOKIE": "a=b"}
        yield f"{path}/", {}
    yield "/healthz", {}
    yield "/no-such-page", {}


@pytest.mark.parametrize("https", [False, True])
def test_the_answers_are_those_of_django(settings, https):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = https, 3600
    site, plain = KeptAnswers(WSGIHandler()), WSGIHandler()
    every = [(path, {**more, "HTTP_X_REQUEST_ID": "edge-12345678"}) for path, more in requests()]
    for _ in range(2):  # made, and kept
        for path, more in every:
            ours, theirs = (alike(ask(each, path, **more)) for each in (site, plain))
            assert ours == theirs, (path, more)


def test_django_is_asked_once(site, django, django_assert_num_queries):
    etag = dict(ask(site, jwks())[1])["ETag"]
    ask(site, jwks(), HTTP_IF_NONE_MATCH=etag)
    assert django.asked == 2
    with django_assert_num_queries(0):
        for _ in range(3):
            assert ask(site, jwks())[0] == "200 OK"
            assert ask(site, jwks(), HTTP_IF_NONE_MATCH=etag)[::2] == ("304 Not Modified", b"")
    assert django.asked == 2


def test_each_request_has_an_id_and_a_line_of_its_own(site, access_lines):
    ids = [dict(ask(site, jwks())[1])["X-Request-ID"] for _ in range(3)]
    ids.append(dict(ask(site, jwks(), HTTP_X_REQUEST_ID="edge-12345678")[1])["X-Request-ID"])
    assert ids[3] == "edge-12345678"
    assert len(set(ids)) == 4
    assert [line.pop("request_id") for line in access_lines()] == ids
    for line in access_lines():
        assert (line["method"], line["path"], line["status"]) == ("GET", jwks(), 200)
        assert line["duration_ms"] >= 0
    made, kept, *_ = (sorted(line) for line in access_lines())
    assert made == kept


def test_a_forged_request_id_is_replaced(site):
    ask(site, jwks())
    for forged in ("short", 'x"} {"level": "info', "line\nbreak00"):
        assert dict(ask(site, jwks(), HTTP_X_REQUEST_ID=forged)[1])["X-Request-ID"] != forged


def test_a_revoked_key_is_told_no_more(site):
    before = json.loads(ask(site, jwks())[2])
    revoked = before["keys"][0]["kid"]
    assert ask(site, jwks())[2]
    keys.revoke(revoked)
    after = json.loads(ask(site, jwks())[2])
    assert revoked not in {key["kid"] for key in after["keys"]}


def test_what_another_process_changed_is_asked_for_in_time(site, django, monkeypatch):
    ask(site, jwks())
    checked_at = keys._checked_at
    monkeypatch.setattr(keys.time, "monotonic", lambda: checked_at + keys.RECHECK_SECONDS)
    ask(site, jwks())
    assert django.asked == 2


def test_an_api_that_is_registered_changes_the_document(site):
    path = reverse("ostiary_oauth:openid_configuration")
    ask(site, path)
    Api.objects.create(identifier="https://api.example", name="API", scopes={"a:read": "Read"})
    assert "a:read" in json.loads(ask(site, path)[2])["scopes_supported"]
    assert apis.known() is not None


def test_no_more_are_kept_than_there_is_room_for(django):
    site = KeptAnswers(django, most=2)
    for port in range(5):
        ask(site, jwks(), HTTP_HOST=f"localhost:{port}")
    assert len(site._kept) == 2
    ask(site, jwks(), HTTP_HOST="localhost:4")
    assert django.asked == 5
