"""The worker gives an application every field as it came, and nothing else (SECURITY J1, H4)."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp_site.granian_worker import BODY_BYTES, environ_of
from tests.idp_site import raw_http
from tests.idp_site.raw_http import ask, connect, field, request, send
from tests.idp_site.test_serve import serving

APPLICATION = '''
    import json, os, threading, time

    closed = []

    class Streamed:
        """Large enough that no socket holds it."""

        def __init__(self, parts):
            self.parts = iter(parts)

        def __iter__(self):
            return self.parts

        def close(self):
            closed.append(threading.get_ident())

    def failing():
        yield b"begun"
        raise RuntimeError("in the middle")

    def told(environ):
        said = {name: text for name, text in environ.items() if isinstance(text, str)}
        return {**said, "body": len(environ["wsgi.input"].read()), "closed": len(closed)}

    def application(environ, start_response):
        path = environ["PATH_INFO"]
        if path == "/raises":
            raise RuntimeError("before the answer")
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        if path == "/writes":
            write(b"a")
            write(b"b")
            return [b"c", b"d"]
        if path == "/large":
            return Streamed(b"%07d\\n" % number * 8192 for number in range(256))
        if path == "/fails":
            return Streamed(failing())
        if path == "/empty":
            return Streamed([])
        return [json.dumps(told(environ)).encode()]
'''
THREADS = 2
LARGE = b"".join(b"%07d\n" % number * 8192 for number in range(256))


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """Where it answers; the process has a secret in its environment."""
    folder = tmp_path_factory.mktemp("application")
    options = ["--blocking-threads", str(THREADS), "--access-log"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A_SECRET", "hunter2")
        patch.setenv("HTTP_PROXY", "http://proxy.example")
        with serving(folder, APPLICATION, *options) as (port, _):
            yield port


def told(answer):
    """What the application saw."""
    assert answer.status == 200, answer
    return json.loads(answer.body)


# --- fields ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", [b"\xc3\xa9", b"\xe9", b"\xff\xfe", b"\x80", b"a b\tc", b'"{}"@()'])
def test_bytes_outside_ascii_cost_nothing_else(port, odd):
    environ = told(ask(port, "/", field("Cookie", b"a=1; odd=" + odd + b"; b=2"), field("X", odd)))

    assert environ["HTTP_COOKIE"].encode("latin-1") == b"a=1; odd=" + odd + b"; b=2"
    assert environ["HTTP_X"].encode("latin-1") == odd


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    "name",
    [
        *("X_Forwarded_For", "X-Forwarded_For", "x_forwarded_for", "X_FORWARDED-FOR"),
        *("Content_Length", "Content_Type", "Host_", "_Cookie", "_"),
    ],
)
def test_a_name_with_an_underscore_does_not_count(port, name, first):
    fields = [field("X-Forwarded-For", "192.0.2.1"), field(name, "198.51.100.7")]

    environ = told(ask(port, "/", *(fields if first else reversed(fields))))

    assert environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.1"
    assert "198.51.100.7" not in environ.values()


def test_what_comes_twice_is_joined_in_its_order(port):
    names = ("X-Forwarded-For", "Cookie", "X-FORWARDED-FOR", "cookie", "X-A")
    fields = [field(name, str(number)) for number, name in enumerate(names)]

    environ = told(ask(port, "/", *fields))

    assert environ["HTTP_X_FORWARDED_FOR"] == "0,2"
    assert environ["HTTP_COOKIE"] == "1;3"
    assert environ["HTTP_X_A"] == "4"


def test_the_environment_of_the_process_is_in_no_request(port):
    environ = told(ask(port))

    assert not {"A_SECRET", "HTTP_PROXY", "PATH", "HOME", "PYTHONPATH"} & environ.keys()
    assert "hunter2" not in str(environ)


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/a%20b%2F%00%c3%a9?x=%20&\xc3\xa9", "/a b/\0Ã©", "x=%20&Ã©"),
        (b"/%", "/%", ""),
        (b"//a/../b?", "//a/../b", ""),
        (b"http://elsewhere.example/a?b", "/a", "b"),
    ],
)
def test_path_and_query_are_those_of_the_request(port, target, path, query):
    environ = told(ask(port, target))

    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == (path, query)
    assert environ["HTTP_HOST"] == "localhost"
    assert environ["REQUEST_METHOD"] == "GET"
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert (environ["REMOTE_ADDR"], environ["SERVER_PORT"]) == ("127.0.0.1", str(port))


def test_an_application_that_is_mounted_has_its_own_path():
    scope = {
        "method": "GET",
        "query_string": b"",
        "http_version": "2",
        "scheme": "https",
        "server": ("", ""),
        "client": ("", ""),
        "headers": [],
    }

    at = environ_of({**scope, "raw_path": b"/id/a"}, "/id")
    assert (at["SCRIPT_NAME"], at["PATH_INFO"]) == ("/id", "/a")
    at = environ_of({**scope, "raw_path": b"/id"}, "/id")
    assert (at["SCRIPT_NAME"], at["PATH_INFO"]) == ("/id", "/")


# --- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 1000, 64 * 1024, 64 * 1024 + 1, 1_000_000, BODY_BYTES])
def test_a_body_of_any_length_is_there(port, length):
    environ = told(ask(port, "/", method=b"POST", body=b"x" * length))

    assert (environ["body"], environ["CONTENT_LENGTH"]) == (length, str(length))


def chunked(*parts):
    """A body in chunks."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


def test_a_body_in_chunks_has_a_length_too(port):
    data = request("/", field("Transfer-Encoding", "chunked"), method=b"POST")

    environ = told(send(port, data + chunked(b"abc", b"x" * 100_000, b"d")))

    assert (environ["body"], environ["CONTENT_LENGTH"]) == (100_004, "100004")


def test_a_body_is_told_once_where_two_lengths_are(port):
    """RFC 9112 §6.3: nothing of it is taken for the next request."""
    fields = field("Transfer-Encoding", "chunked"), field("Content-Length", "3")
    smuggled = request("/smuggled")

    with connect(port) as connection:
        connection.sendall(request("/", *fields, method=b"POST") + chunked(b"abcdef") + smuggled)
        answers = [raw_http.read(connection), raw_http.read(connection)]

    assert answers[1].status == 0
    if answers[0].status == 200:
        assert (told(answers[0])["body"], told(answers[0])["CONTENT_LENGTH"]) == (6, "6")
    else:
        assert answers[0].status in (0, 400)


def test_what_is_too_large_is_refused(port):
    told_so = request("/", field("Content-Length", str(BODY_BYTES + 1)), method=b"POST")
    assert send(port, told_so).status == 413

    with connect(port) as connection:
        connection.sendall(request("/", field("Transfer-Encoding", "chunked"), method=b"POST"))
        try:
            for _ in range(BODY_BYTES // 65536 + 1):
                connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        except ConnectionError:
            return  # it did not wait to be sent all of it
        assert raw_http.read(connection).status == 413


def test_a_connection_goes_on_after_a_body(port):
    post = request("/", method=b"POST", body=b"abc").replace(b"Connection: close\r\n", b"")

    with connect(port) as connection:
        for _ in range(3):
            connection.sendall(post)
            assert told(raw_http.read(connection))["body"] == 3


def test_a_client_that_waits_to_be_told_to_go_on_is(port):
    head = request(
        "/", field("Expect", "100-continue"), field("Content-Length", "3"), method=b"PUT"
    )

    with connect(port) as connection:
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"abc")
        assert told(raw_http.read(connection))["body"] == 3


def test_who_is_slow_to_send_or_to_read_holds_no_thread(port):
    unfinished = request("/", field("Content-Length", "9"), method=b"POST") + b"abc"
    slow = []
    try:
        for _ in range(4 * THREADS):
            slow.append(connect(port))
            slow[-1].sendall(unfinished)
        for _ in range(4 * THREADS):
            slow.append(connect(port))
            slow[-1].sendall(request("/large"))

        assert told(ask(port))["body"] == 0

        for connection in slow[: 4 * THREADS]:
            connection.sendall(b"defghi")
            assert told(raw_http.read(connection))["body"] == 9
        for connection in slow[4 * THREADS :]:
            assert raw_http.read(connection).body == LARGE
    finally:
        for connection in slow:
            connection.close()


# --- answers --------------------------------------------------------------------------------------


def test_a_large_answer_is_sent_whole_and_closed_once(port):
    before = told(ask(port))["closed"]
    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda _: ask(port, "/large"), range(8))]

    assert all(answer.body == LARGE for answer in answers)
    assert ask(port, "/empty").body == b""
    assert ask(port, "/writes").body == b"abcd"
    assert told(ask(port))["closed"] == before + 9


def test_who_leaves_in_the_middle_leaves_nothing_open(port):
    before = told(ask(port))["closed"]
    for _ in range(4):
        with connect(port) as connection:
            connection.sendall(request("/large"))
            connection.recv(100)
        with connect(port) as connection:
            connection.sendall(request("/", field("Content-Length", "9"), method=b"POST") + b"abc")

    deadline = time.monotonic() + 60
    while told(ask(port))["closed"] < before + 4:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_application_that_raises_is_answered_for(port):
    before = told(ask(port))["closed"]

    assert ask(port, "/raises").status == 500
    assert ask(port, "/fails").status == 500
    assert told(ask(port))["closed"] == before + 1


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"\x00\xff\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01",
        ),
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n c\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA b: c\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: \x00\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"x" * 2_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=lambda data: repr(data[:60]),
)
def test_what_is_no_http_is_refused_and_nothing_else(port, data):
    assert send(port, data).status in (0, 400, 414, 431)

    assert told(ask(port))["body"] == 0
