"""The environment of the process is in no request, whatever serves the site (SECURITY J1, G5)."""

import os
import urllib.request
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest

from idp_site.process_environment import WithoutProcessEnvironment


@pytest.fixture
def seen(monkeypatch):
    """What an application is given by wsgiref, which copies the whole environment."""
    monkeypatch.setenv("DATABASE_URL", "postgres://user:hunter2@db/x")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example")
    monkeypatch.setenv("SERVER_NAME", "of the process")
    given = []

    def answer(environ, start_response):
        given.append(dict(environ))
        start_response("200 OK", [])
        return [b""]

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            """Say nothing."""

    server = WSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(WithoutProcessEnvironment(answer))
    thread = Thread(target=server.handle_request)
    thread.start()
    asked = urllib.request.Request(
        f"http://127.0.0.1:{server.server_port}/a?b", headers={"X-A": "1", "Cookie": "c=d"}
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked).close()
    thread.join()
    server.server_close()
    return given[0]


def test_what_is_of_the_process_is_taken_out(seen):
    assert "hunter2" not in str(seen)
    assert not {"PATH", "HOME", "DATABASE_URL", "HTTP_PROXY"} & seen.keys()
    assert not {name for name in seen if name in os.environ} - {"SERVER_NAME"}


def test_what_is_of_the_request_stays(seen):
    told = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_X_A", "HTTP_COOKIE", "REMOTE_ADDR")
    assert [seen[name] for name in told] == ["GET", "/a", "b", "1", "c=d", "127.0.0.1"]
    assert {"SERVER_NAME", "SERVER_PORT", "wsgi.input", "wsgi.url_scheme"} <= seen.keys()


@pytest.mark.django_db  # which the checks at the start ask
def test_the_site_is_served_so():
    from idp_site.wsgi import application

    assert isinstance(application, WithoutProcessEnvironment)
