"""The visitor's address: taken from where our own proxies wrote it, never from the left."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

# What Meta's own Parameter Builder rejects, and the ranges that no visitor comes from.
_NOT_A_VISITOR = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    )
)


def client_ip(forwarded_for: str | None, peer: str | None, *, trusted_hops: int) -> str | None:
    """
    Pick the entry that our own front end appended to X-Forwarded-For.

    `trusted_hops` 0 takes the last entry (run.app), 1 the second from the right (behind
    Google's load balancer, which appends "client, balancer"). With fewer entries than hops
    nothing can be trusted, so there is no address. Without the header the peer counts.
    """
    if not forwarded_for:
        return public_ip(peer) if trusted_hops == 0 else None
    entries = forwarded_for.split(",")
    if len(entries) <= trusted_hops:
        return None
    return public_ip(entries[-1 - trusted_hops])


def ipv6_first(told: str | None, stored: str | None) -> str | None:
    """
    Keep a visitor's IPv6 address where he now came by IPv4; else what he told last counts.

    Meta prefers IPv6 and sees it itself (Dataset Quality API, diagnostics); a browser with both
    takes now this one, now that.
    """
    if told is None or (stored is not None and ":" in stored and ":" not in told):
        return stored
    return told


@lru_cache(maxsize=1_024)
def public_ip(text: str | None) -> str | None:
    """Return the address in canonical form, or None unless a visitor could have it."""
    if text is None:
        return None
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        address = address.ipv4_mapped or address
    if any(address in network for network in _NOT_A_VISITOR):
        return None
    return str(address)
