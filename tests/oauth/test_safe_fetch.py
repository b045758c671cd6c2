"""Addresses that others register never reach our own network (SECURITY B4: SSRF)."""

import socket

import pytest

from oauth.safe_fetch import FetchError, fetch, is_public
from tests.oauth.far_end import far_end


@pytest.fixture
def public_site(settings):
    """A site that is really served."""
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": "https://id.example"}


@pytest.fixture
def end():
    """A server on this machine, which a site for trying out may ask."""
    with far_end() as serving:
        yield serving


PRIVATE = [
    *("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1"),  # noqa: S104
    *("169.254.169.254", "100.64.0.1", "192.0.0.1", "198.18.0.1", "203.0.113.1"),
    *("224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
    *("::ffff:10.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1"),
    *("2002:a00:1::", "2001:0:a00:1::", "not an address"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
def test_an_address_that_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://2130706433/"),
        *("https://0x7f.1/", "https://169.254.169.254/latest/", "https://[::ffff:127.0.0.1]/"),
        *("http://8.8.8.8/", "ftp://8.8.8.8/", "file:///etc/passwd", "https:///", "x", ""),
        *("https://a@8.8.8.8/", "https://8.8.8.8:x/", "https://é.example/", "https://[/"),
    ],
)
def test_what_is_never_asked(url, public_site, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", None)

    with pytest.raises(FetchError):
        fetch(url)


def test_a_name_with_one_private_address_is_never_asked(public_site, monkeypatch):
    found = [(2, 1, 6, "", (address, 443)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(socket, "create_connection", None)

    with pytest.raises(FetchError, match="not a public address"):
        fetch("https://rebinding.example/")


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(end, monkeypatch):
    """A name that changes its mind between the check and the connection gains nothing."""
    real, names = socket.getaddrinfo, []

    def resolve(host, port, *args, **kwargs):
        names.append(host)
        return real("127.0.0.1" if host == "rebinding.example" else host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    answer = fetch(end.url.replace("127.0.0.1", "rebinding.example"))

    assert answer.status == 200
    assert names == ["rebinding.example", "127.0.0.1"]


def test_an_answer_has_a_type_and_a_body(end):
    end.body = b'{"keys": []}'

    answer = fetch(end.url + "jwks?a=b")

    assert (answer.status, answer.content_type) == (200, "application/json")
    assert answer.body == end.body
    assert end.asked == [("GET", "/jwks?a=b", b"")]


def test_data_is_posted(end):
    fetch(end.url, data=b"logout_token=x")

    assert end.asked == [("POST", "/", b"logout_token=x")]


def test_a_redirect_is_not_followed(end):
    end.status, end.headers = 302, {"Location": end.url + "elsewhere"}

    assert fetch(end.url).status == 302
    assert len(end.asked) == 1


def test_an_answer_that_is_too_large_is_none(end):
    end.body = b"x" * 101

    with pytest.raises(FetchError, match="too large"):
        fetch(end.url, max_bytes=100)


def test_an_answer_that_trickles_is_cut_off(end):
    end.body, end.pause = b"x" * 4096 * 100, 0.1

    with pytest.raises(FetchError):
        fetch(end.url, max_bytes=10**6, seconds=0.5)


def test_nobody_there_is_an_error():
    with pytest.raises(FetchError):
        fetch("http://127.0.0.1:1/")
