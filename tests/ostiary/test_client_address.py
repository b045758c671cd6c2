"""Where a request comes from, as told by whom we trust."""

import pytest
from django.test import RequestFactory, override_settings
from hypothesis import given
from hypothesis import strategies as st

from ostiary.client_address import client_ip, network_of


def ip(remote="203.0.113.9", forwarded=None):
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
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


def test_a_subscriber_holds_one_ipv4_address_and_a_64_of_ipv6():
    assert network_of("198.51.100.1") == "198.51.100.1"
    assert network_of("2001:db8:0:1::1") == network_of("2001:db8:0:1:ffff:ffff:ffff:ffff")
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8:0:2::1")
    assert network_of("") == ""


@given(st.text(max_size=80))
def test_no_header_is_an_error(text):
    with override_settings(OSTIARY={"TRUSTED_PROXY_HOPS": 1}):
        request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR=text)
        network_of(client_ip(request))
