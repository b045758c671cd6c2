"""Where a request comes from, as told by whom we trust."""

import ipaddress

import pytest
from django.test import RequestFactory, override_settings
from hypothesis import given
from hypothesis import strategies as st

from ostiary.client_address import came_through_our_proxies, client_ip, network_of


def ip(remote="203.0.113.9", forwarded=None, **headers):
    headers |= {} if forwarded is None else {"x-forwarded-for": forwarded}
    return client_ip(RequestFactory().get("/", REMOTE_ADDR=remote, headers=headers))


def test_without_a_proxy_of_ours_the_header_is_the_clients_to_forge():
    assert ip(forwarded="198.51.100.1") == "203.0.113.9"


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "forged, 198.51.100.1", "198.51.100.1"),
        (1, "192.0.2.1, 192.0.2.2, 198.51.100.1", "198.51.100.1"),
        (2, "forged, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "203.0.113.9"),
        (1, None, "203.0.113.9"),
        (1, "forged", "203.0.113.9"),
    ],
)
def test_behind_proxies_only_what_the_outermost_of_ours_wrote_counts(
    ostiary, hops, forwarded, address
):
    ostiary(TRUSTED_PROXY_HOPS=hops)
    assert ip(forwarded=forwarded) == address


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_an_address_has_one_spelling(remote, address):
    assert ip(remote) == address


# --- as proxies write it ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("203.0.113.5:51234", "203.0.113.5"),  # Azure's Application Gateway
        ("[2001:db8::7]:51234", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:db8:0:0:0:0:0:7:443", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),  # nginx, an Application Load Balancer of AWS, Traefik
        ("2001:DB8::0007", "2001:db8::7"),
        ('"[2001:db8::8]:80"', "2001:db8::8"),
        ('"203.0.113.5"', "203.0.113.5"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:443", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:443", "203.0.113.9"),
        ("::ffff:203.0.113.9:443", "203.0.113.9"),
        ("203.0.113.5:_gazonk", "203.0.113.5"),  # a port may be obfuscated (RFC 7239 §6.3)
        ("\t203.0.113.5 ", "203.0.113.5"),
    ],
)
def test_an_entry_has_a_port_brackets_or_quotes(ostiary, entry, address):
    ostiary(TRUSTED_PROXY_HOPS=1)

    assert ip(forwarded=entry) == address
    assert ip(forwarded=f"198.51.100.1:1, {entry}") == address
    quoted = entry.strip() if entry.startswith('"') else f'"{entry.strip()}"'
    assert ip(Forwarded=f"for={quoted}") == address


@pytest.mark.parametrize(
    "entry",
    [
        *("unknown", "_hidden", "", " ", ":", "[]", "[]:80", "[203.0.113.5", "203.0.113.010"),
        *("unix:", "example.com", "example.com:80", '"', "١.٢.٣.٤", "1.2.3.4:1:2"),
    ],
)
def test_what_is_no_address_is_the_proxys_own_and_nothing_that_the_client_sent(ostiary, entry):
    ostiary(TRUSTED_PROXY_HOPS=1)

    assert ip(forwarded=f"198.51.100.1, {entry}") == "203.0.113.9"
    assert ip(Forwarded=f"for=198.51.100.1, for={entry};proto=https") == "203.0.113.9"


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("for=192.0.2.43", "192.0.2.43"),  # the examples of RFC 7239 §4
        ('For="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"),
        ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
        ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17"),
        ("proto=https ; FOR = 192.0.2.43", "192.0.2.43"),
        ('by="a;for=198.51.100.1";for=192.0.2.43', "192.0.2.43"),
        ("proto=https", "203.0.113.9"),
        (",", "203.0.113.9"),
        # The client's part can't change how that of our proxy is read.
        ('for="198.51.100.1, for=192.0.2.43', "192.0.2.43"),
        (r'for=198.51.100.1;x="\", for="192.0.2.43:80"', "192.0.2.43"),
        (r'for=198.51.100.1;x=", for=192.0.2.43;host="a\"b"', "192.0.2.43"),
        ('for=192.0.2.43;host="x, for=198.51.100.1"', "192.0.2.43"),
        (r'for=192.0.2.43;host="x\", for=198.51.100.1"', "192.0.2.43"),
    ],
)
def test_the_header_of_rfc_7239(ostiary, header, address):
    ostiary(TRUSTED_PROXY_HOPS=1)
    assert ip(Forwarded=header) == address


def test_of_two_headers_only_the_one_that_our_proxies_write_counts(ostiary):
    both = {"forwarded": "198.51.100.1", "Forwarded": "for=192.0.2.43"}
    ostiary(TRUSTED_PROXY_HOPS=1)
    assert ip(**both) == "198.51.100.1"
    ostiary(TRUSTED_PROXY_HOPS=1, TRUSTED_PROXY_HEADER="Forwarded")
    assert ip(**both) == "192.0.2.43"
    assert ip(forwarded="198.51.100.1") == "203.0.113.9"
    ostiary(TRUSTED_PROXY_HOPS=0, TRUSTED_PROXY_HEADER="Forwarded")
    assert ip(**both) == "203.0.113.9"


@pytest.mark.parametrize("header", ["forwarded", "Forwarded"])
@pytest.mark.parametrize("told", ['"' * 60_000, '\\"' * 30_000, '",' * 30_000, ";=" * 30_000])
def test_a_long_header_is_read_once_and_no_further_than_it_counts(ostiary, header, told):
    ostiary(TRUSTED_PROXY_HOPS=2)
    assert ip(**{header: f"{told}, for=192.0.2.43, 192.0.2.43"}) in ("203.0.113.9", "192.0.2.43")


def test_only_what_came_through_all_of_our_proxies_has_their_headers(ostiary):
    def came(**headers):
        return came_through_our_proxies(RequestFactory().get("/", headers=headers))

    assert not came(**{"x-forwarded-for": "198.51.100.1"})
    ostiary(TRUSTED_PROXY_HOPS=2)
    assert not came()
    assert not came(**{"x-forwarded-for": "198.51.100.1"})
    assert came(**{"x-forwarded-for": "198.51.100.1:443, 10.0.0.1"})
    assert came(forwarded='for="[2001:db8::7]:443", for=10.0.0.1')


# --- whose it is --------------------------------------------------------------------------------


def test_a_subscriber_holds_one_ipv4_address_and_a_64_of_ipv6():
    assert network_of("198.51.100.1") == "198.51.100.1"
    assert network_of("2001:db8:0:1::1") == network_of("2001:db8:0:1:ffff:ffff:ffff:ffff")
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8:0:2::1")
    assert network_of("") == ""


@given(st.text(max_size=80))
def test_no_header_is_an_error(text):
    with override_settings(OSTIARY={"TRUSTED_PROXY_HOPS": 1}):
        for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"):
            told = client_ip(RequestFactory().get("/", **{name: text}))
            assert ipaddress.ip_network(network_of(told)).num_addresses in (1, 2**64)
