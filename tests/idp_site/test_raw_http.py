"""The started site is spoken to in bytes (SECURITY J1, H4): what is odd in a request costs only
itself, and nothing in one is a 500."""

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.machine import free_port

from .raw_http import ask, field, request, send
from .site import PRODUCTION, ROOT, environment, python
from .test_granian_worker import chunked

PASSWORD = "correct horse battery staple"
GUIDE = ROOT / "docs" / "how-to" / "run-it-for-real.md"
PROXY = "192.0.2.1"
"""The address that our proxy says the client has."""


class Site(NamedTuple):
    """A site that runs: its port, its name, and what its proxy adds to each request."""

    port: int
    host: str
    fields: tuple[bytes, ...]
    cookies: dict[str, str]

    def ask(self, path="/", *fields, session=True, method=b"GET", body=b"", odd=b""):
        """A request of Alice's browser, or of nobody's."""
        cookies = [f"{name}={value}".encode() for name, value in self.cookies.items()]
        sent = b"; ".join([odd, *cookies, odd] if odd else cookies)
        told = (field("Cookie", sent),) if session else ()
        told += (*self.fields, *fields)
        return ask(self.port, path, *told, host=self.host, method=method, body=body)

    def is_signed_in(self, *fields, **more):
        """Whether her page opens."""
        answer = self.ask("/account/", *fields, **more)
        assert answer.status in (200, 302), answer
        return answer.status == 200


def procfile(port):
    """How `make run` starts the web server."""
    [line] = re.findall(r"^web: exec (.+)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    return line.replace("$PORT", str(port))


def guide(port):
    """How the guide starts it."""
    [line] = re.findall(r"^(python -m idp_site\.serve .+)$", GUIDE.read_text(), re.MULTILINE)
    return line.replace("--port 8000", f"--port {port}")


def sign_in(url, host, fields):
    """The cookies of a browser in which Alice has signed in."""
    headers = dict(line.decode().strip().split(": ") for line in fields)
    with httpx.Client(base_url=url, headers={"Host": host, **headers}, timeout=60) as http:
        cookies = {}

        def keep(answer):
            for line in answer.headers.get_list("set-cookie"):
                name, _, value = line.partition(";")[0].partition("=")
                cookies[name] = value
            http.headers["Cookie"] = "; ".join(f"{n}={v}" for n, v in cookies.items())
            return answer

        page = keep(http.get("/signin/")).text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        form = {"identifier": "alice@example.com", "password": PASSWORD}
        told = {"csrfmiddlewaretoken": token, **form}
        origin = "https" if host == "id.example.com" else "http"
        answer = http.post("/signin/", data=told, headers={"Origin": f"{origin}://{host}"})
        assert keep(answer).status_code == 302, answer.text
        return cookies


@pytest.fixture(scope="module")
def folder(tmp_path_factory, collected_static):
    """A data folder with the demo's people, for both sites."""
    folder = tmp_path_factory.mktemp("site")
    env = environment(folder, **PRODUCTION, DEMO="1") | {
        "ISSUER_URL": "http://localhost:8000",
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
    }
    done = python(env, "manage.py", "seed_demo", "--migrate")
    assert done.returncode == 0, done.stderr
    (folder / "static").rmdir()
    (folder / "static").symlink_to(collected_static)
    return folder


@pytest.fixture(scope="module", params=["make run", "the guide"])
def site(request, folder):
    """The site as it is started; by the guide it stands behind a proxy."""
    port = free_port()
    env = environment(folder, **PRODUCTION)
    env["DATABASE_URL"] = f"sqlite:///{folder / 'db.sqlite3'}"
    if request.param == "make run":
        host, fields, line = f"localhost:{port}", (), procfile(port)
        env |= {"DEMO": "1", "ISSUER_URL": f"http://{host}", "PORT": str(port)}
    else:
        host, line = "id.example.com", guide(port)
        fields = field("X-Forwarded-For", PROXY), field("X-Forwarded-Proto", "https")
        env |= {"TRUSTED_PROXY_HOPS": "1", "CLIENT_CERTIFICATE_HEADER": "Client-Cert"}
    command = [sys.executable, *shlex.split(line)[1:]]
    log = folder / "server.log"
    with log.open("wb") as said:
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=said, stderr=said)
    try:
        deadline = time.monotonic() + 120
        while server.poll() is None and time.monotonic() < deadline:
            try:
                if ask(port, "/healthz", host=host).status == 200:
                    break
            except OSError:
                time.sleep(0.1)
        assert server.poll() is None, log.read_text()
        yield Site(port, host, fields, sign_in(f"http://127.0.0.1:{port}", host, fields))
    finally:
        server.terminate()
        server.wait(timeout=60)
    failed = r'^Traceback|^.*"logger": "django.request".*|^.*"status": 500.*'
    assert not re.findall(failed, log.read_text(), re.MULTILINE)


# --- cookies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd",
    [
        *(
            b"odd=\xc3\xa9",
            b"odd=\xe9",
            b"\xff\xfe=1",
            b"odd=\x80\x81",
            b"odd",
            b"=",
            b"odd=\xf0\x9f",
        ),
        *(
            b'odd="a;b"',
            b'odd="',
            b"odd=a,b",
            b"odd=a b",
            b"odd=a=b=c",
            b"o d=1",
            b"odd=\t",
            b";;;",
        ),
        *(b"odd={%22a%22:1}", b"odd=\\101\\", b"odd[]=1", b"a.b/c@d=1", b"odd=" + b"x" * 5000),
    ],
    ids=repr,
)
def test_j1_an_odd_cookie_of_a_neighbour_costs_only_itself(site, odd):
    assert site.is_signed_in(odd=odd)

    page = site.ask("/account/profile/", odd=odd)
    token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page.body)[1]
    form = b"csrfmiddlewaretoken=" + token + b"&name=Alice"
    scheme = "https" if site.fields else "http"
    answer = site.ask(
        "/account/profile/",
        field("Content-Type", "application/x-www-form-urlencoded"),
        field("Origin", f"{scheme}://{site.host}"),
        method=b"POST",
        body=form,
        odd=odd,
    )
    assert answer.status == 302, answer.body  # the form was accepted


def test_without_her_cookie_nobody_is_signed_in(site):
    assert not site.is_signed_in(session=False)


# --- names of fields ------------------------------------------------------------------------------


def test_j1_names_with_underscores_never_count(site):
    for name in ("X_Forwarded_For", "X_FORWARDED-FOR", "x-forwarded_for"):
        for fields in ((field(name, "6.6.6.6"),), (field(name, "6.6.6.6"),) * 2):
            sessions = site.ask("/account/sessions/", *fields).body
            assert b"6.6.6.6" not in sessions
            assert (PROXY if site.fields else "127.0.0.1").encode() in sessions

    assert not site.is_signed_in(
        *(field("Coo_kie", "; ".join(f"{n}={v}" for n, v in site.cookies.items())),), session=False
    )


@pytest.mark.parametrize("site", ["the guide"], indirect=True)
def test_a_client_can_tell_neither_address_nor_protocol_nor_certificate(site):
    bare = Site(site.port, site.host, (), site.cookies)
    for name in ("X_Forwarded_Proto", "X-Forwarded_Proto", "x_forwarded-proto"):
        answer = bare.ask("/account/", field(name, "https"))
        assert (answer.status, answer.headers["location"]) == (301, f"https://{site.host}/account/")
        both = site.ask("/account/", field(name, "http"))
        assert both.status == 200
    for name in ("Client_Cert", "client_cert"):
        form = b"grant_type=client_credentials&client_id=demo-service"
        kind = field("Content-Type", "application/x-www-form-urlencoded")
        answer = site.ask("/oauth/token", kind, field(name, ":AAAA:"), method=b"POST", body=form)
        assert answer.status == 401


@pytest.mark.parametrize("site", ["the guide"], indirect=True)
def test_h4_only_the_hop_that_our_proxy_wrote_counts(site):
    """A client that sends the header itself is before it, in one field or two (SECURITY H4)."""
    for before in (("6.6.6.6",), ("6.6.6.6", "7.7.7.7"), ("6.6.6.6, 7.7.7.7",), ("\xe9",)):
        forged = tuple(field("X-Forwarded-For", value) for value in before)
        proxied = Site(site.port, site.host, (*forged, *site.fields), site.cookies)
        page = proxied.ask("/account/sessions/").body
        assert PROXY.encode() in page
        assert b"6.6.6.6" not in page


def test_the_case_of_a_name_means_nothing(site):
    cookie = "; ".join(f"{name}={value}" for name, value in site.cookies.items())
    for name in ("COOKIE", "cookie", "cOOkIE"):
        assert site.is_signed_in(field(name, cookie), session=False)


# --- what is odd otherwise ------------------------------------------------------------------------

PATHS = ("/", "/account/", "/signin/", "/oauth/token", "/oauth/userinfo", "/oauth/authorize")
PATHS += ("/.well-known/jwks.json", "/oauth/register/x", "/healthz", "/static/x.css", "/nowhere")
READ = ("Accept", "Accept-Language", "Authorization", "Content-Type", "DPoP", "If-Match", "Origin")
READ += ("If-Modified-Since", "If-None-Match", "Range", "Referer", "User-Agent", "X-Request-ID")
READ += ("X-Forwarded-Host", "Forwarded", "Expect", "Upgrade", "X-CSRFToken", "Accept-Encoding")
READ += ("Access-Control-Request-Headers", "X-HTTP-Method-Override", "Client-Cert")
ODD = (b"\xc3\xa9", b"\xff\xfe\x80", b"a\tb", b"", b"," * 50, b'"', b"x" * 20_000)
ODD += (b"\xa0=\xa0;q=\xb2", b"a/b; c*=nowhere'en'd")


@pytest.mark.parametrize("path", PATHS)
def test_no_value_of_a_field_is_an_error_of_ours(site, path):
    for name in READ:
        for value in ODD:
            for method in (b"GET", b"POST", b"OPTIONS"):
                answer = site.ask(path, field(name, value), method=method)
                assert 0 < answer.status < 500, (name, value, method)

    assert site.is_signed_in()


@pytest.mark.parametrize(
    "path",
    [
        *("/%00", "/a%00b/", "/account/%00", "/oauth/register/%00", "/%ff%fe", "/%", "/%zz", "*"),
        *("//", "//evil.example/", "/\\evil.example", "/?%00=%00", "/signin/?next=%00", "/?a=%ff"),
        *("/oauth/authorize?client_id=%00&state=%ff", "/\xe9", "/?\xe9", "/a;b=c", "/%2e%2e/"),
        *("/oauth/status-lists/" + "9" * 99, "/" + "a" * 9000, "/static/%00"),
        *("/static/../../settings.py", "/static/%2e%2e/%2e%2e/x"),
    ],
    ids=lambda path: repr(path[:40]),
)
def test_no_path_is_an_error_of_ours(site, path):
    answer = site.ask(path)

    assert answer.status < 500
    assert site.is_signed_in()


HOSTS = ("", "evil.example", "localhost, evil.example", "[", "\xe9", "a b", "localhost:x", "@", "-")


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_not_ours_is_refused(site, host):
    other = Site(site.port, host, site.fields, site.cookies)
    for path in ("/account/", "/oauth/token", "/.well-known/openid-configuration"):
        assert other.ask(path).status == 400


def test_two_hosts_are_none(site):
    for second in (site.host, "evil.example"):
        answer = site.ask("/account/", field("Host", second))
        assert answer.status == 400


def lines(site, *more, end=b"\r\n", version=b"HTTP/1.1"):
    """A request for her page, written line by line."""
    cookie = "; ".join(f"{name}={value}" for name, value in site.cookies.items()).encode()
    named = [b"Host: " + site.host.encode(), b"Cookie: " + cookie, b"Connection: close"]
    named += [line.strip() for line in site.fields]
    return end.join([b"GET /account/ " + version, *named, *more, b"", b""])


@pytest.mark.parametrize(
    ("line", "statuses"),
    [
        (b"A: b\r\n c", (0, 400)),  # obs-fold
        (b"A: b\n\tc: d", (0, 400)),
        (b"A : b", (0, 400)),
        (b"A: \x00", (0, 400)),
        (b"A: \x0b", (0, 400)),
        (b"A: b\rc", (0, 400)),
        (b": b", (0, 400)),
        (b"A", (0, 400)),
        (b"A: " + b"x" * 2_000_000, (0, 400, 431)),
        (b"A:b", (200,)),
        (b"A:", (200,)),
        (b"A:  b\t ", (200,)),
        (b"!#$%&'*+.^`|~-9: b", (200,)),
        (b"Transfer-Encoding: x", (0, 400, 501)),
        (b"Content-Length: 0", (200,)),
        (b"Content-Length: +1", (0, 400)),
        (b"Content-Length: 1\r\nContent-Length: 2", (0, 400)),
        (b"Upgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13", (200,)),
        (b"Upgrade: h2c\r\nHTTP2-Settings: x", (200,)),
    ],
    ids=lambda given: repr(given)[:40],
)
def test_an_odd_line_is_refused_as_such_or_costs_nothing(site, line, statuses):
    assert send(site.port, lines(site, line)).status in statuses

    assert site.is_signed_in()


def test_line_ends_and_versions(site):
    assert send(site.port, lines(site, end=b"\n")).status in (0, 200, 400)
    assert send(site.port, lines(site, version=b"HTTP/1.0")).status == 200
    for version in (b"HTTP/0.9", b"HTTP/2.0", b"http/1.1", b"", b"x" * 9000):
        assert send(site.port, lines(site, version=version)).status in (0, 400, 414, 431)


def test_a_body_with_two_lengths_is_one_request(site):
    """Its second half is no request of another person (RFC 9112 §6.3)."""
    kind = field("Content-Type", "application/x-www-form-urlencoded")
    two = kind, field("Transfer-Encoding", "chunked"), field("Content-Length", "4"), *site.fields
    data = request("/oauth/token", *two, host=site.host, method=b"POST")

    answer = send(site.port, data + chunked(b"grant_type=x"))

    assert answer.status in (0, 400, 401)


def test_a_form_in_chunks_is_read(site):
    kind = field("Content-Type", "application/x-www-form-urlencoded")
    fields = kind, field("Transfer-Encoding", "chunked"), *site.fields
    data = request("/oauth/token", *fields, host=site.host, method=b"POST")

    answer = send(site.port, data + chunked(b"grant_type=client_", b"credentials&client_id=x"))

    assert (answer.status, b"invalid_client" in answer.body) == (401, True)


# --- other ways to serve --------------------------------------------------------------------------


def test_granian_by_itself_does_not_serve_it(tmp_path):
    env = {**os.environ, **environment(tmp_path, **PRODUCTION)}
    granian = [str(Path(sys.executable).parent / "granian"), "--interface", "wsgi"]
    command = [*granian, "--port", str(free_port()), "idp_site.wsgi:application"]

    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)

    assert "Serve by `python -m idp_site.serve`" in done.stderr + done.stdout
    assert done.returncode != 0
