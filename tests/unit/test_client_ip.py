"""The visitor's address: never the leftmost entry, never a private one."""

import pytest

from shared.domain.client_ip import client_ip, ipv6_first, public_ip

CASES = [
    ("203.0.113.9", 0, "203.0.113.9"),
    ("6.6.6.6, 203.0.113.9", 0, "203.0.113.9"),
    ("6.6.6.6,203.0.113.9 ", 0, "203.0.113.9"),
    ("6.6.6.6, 203.0.113.9, 35.191.0.1", 1, "203.0.113.9"),
    ("203.0.113.9, 35.191.0.1", 1, "203.0.113.9"),
    ("203.0.113.9", 1, None),
    ("203.0.113.9, 10.0.0.1", 0, None),
    ("6.6.6.6, unknown", 0, None),
    ("6.6.6.6, ", 0, None),
    ("2001:db8::1", 0, "2001:db8::1"),
    ("2001:0DB8:0::1", 0, "2001:db8::1"),
    ("::ffff:203.0.113.9", 0, "203.0.113.9"),
    ("[2001:db8::1]", 0, None),
    ("203.0.113.9:1234", 0, None),
]


@pytest.mark.parametrize(("header", "hops", "expected"), CASES)
def test_the_entry_that_our_own_front_end_wrote_is_taken(header, hops, expected):
    assert client_ip(header, "169.254.1.1", trusted_hops=hops) == expected


def test_without_a_proxy_the_peer_counts():
    assert client_ip(None, "203.0.113.9", trusted_hops=0) == "203.0.113.9"
    assert client_ip(None, "127.0.0.1", trusted_hops=0) is None
    assert client_ip(None, None, trusted_hops=0) is None


def test_behind_a_proxy_the_peer_is_the_proxy():
    assert client_ip(None, "203.0.113.9", trusted_hops=1) is None


@pytest.mark.parametrize(
    "private",
    [
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "127.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "",
        "x",
        "1.2.3",
        "01.2.3.4",
    ],
)
def test_what_no_visitor_can_have_is_no_address(private):
    assert public_ip(private) is None


V4, V6, OTHER_V6 = "203.0.113.9", "2001:db8::1", "2001:db8::2"


@pytest.mark.parametrize(
    ("told", "stored", "kept"),
    [
        (V4, None, V4),
        (V4, "203.0.113.10", V4),
        (V6, V4, V6),
        (OTHER_V6, V6, OTHER_V6),
        (V4, V6, V6),
        (None, V4, V4),
        (None, None, None),
    ],
)
def test_a_visitors_ipv6_address_is_kept_before_his_ipv4(told, stored, kept):
    assert ipv6_first(told, stored) == kept
