"""Cookies that collect sets: their domain, their life, and their going."""

import re
from functools import cache, lru_cache
from ipaddress import ip_address
from pathlib import Path

from publicsuffixlist import PSLFILE, PublicSuffixList

# 90 days: Meta's advice for _fbc and _fbp, and the life of a session.
_LIFE = 90 * 24 * 3600
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
SESSION_COOKIE = "_settled"
FBP_COOKIE = "_fbp"
FBC_COOKIE = "_fbc"


def session_cookie(text: str, host: str, domain: str | None) -> str:
    """Write the session's cookie; it is ours alone, so no script may read it."""
    return _cookie(SESSION_COOKIE, text, host, domain, life=_LIFE) + "; HttpOnly"


def pixel_cookie(name: str, text: str, host: str, domain: str | None) -> str:
    """Meta's own cookies; the Pixel has to read them."""
    return _cookie(name, text, host, domain, life=_LIFE)


def cleared_cookies(host: str, domain: str | None) -> list[str]:
    """Take back everything that we may have set."""
    return [
        _cookie(name, "", host, domain, life=0) + ("; HttpOnly" if name == SESSION_COOKIE else "")
        for name in (SESSION_COOKIE, FBP_COOKIE, FBC_COOKIE)
    ]


def _cookie(name: str, text: str, host: str, domain: str | None, *, life: int) -> str:
    parts = [f"{name}={text}", "Path=/", f"Max-Age={life}", "SameSite=Lax"]
    if domain is not None:
        parts.append(f"Domain={domain}")
    if not is_localhost(host):
        parts.append("Secure")
    return "; ".join(parts)


def is_localhost(host: str) -> bool:
    """Tell a laptop, where there is no TLS (browsers treat it as secure all the same)."""
    return host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")


def host_of(header: str | None) -> str:
    """Cut the port off a Host header."""
    host = (header or "").strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


@lru_cache(maxsize=64)
def cookie_domain(host: str) -> str | None:
    """
    Return the registrable domain, so that www., shop. and checkout. share one session.

    None means a cookie for this host alone: an IP address, localhost, or a public suffix
    (a browser would refuse the cookie there).
    """
    if is_localhost(host) or not _HOST.fullmatch(host) or _is_address(host):
        return None
    return _public_suffixes(host.rpartition(".")[2]).privatesuffix(host)


def subdomain_index(domain: str | None) -> int:
    """Meta counts the cookie's level: com 0, example.com 1, shop.example.com 2."""
    return 1 if domain is None else domain.count(".")


@lru_cache(maxsize=8)
def _public_suffixes(top: str) -> PublicSuffixList:
    """Read what the list says below one top-level domain, in 2 ms of a first answer."""
    if top.startswith("xn--"):
        # The list writes it in its own letters.
        return _all_public_suffixes()
    ending = top.encode()
    rules = Path(PSLFILE).read_bytes().splitlines()
    return PublicSuffixList([rule for rule in rules if rule.endswith(ending)])


@cache
def _all_public_suffixes() -> PublicSuffixList:
    """Read the whole list, which takes 30 ms."""
    return PublicSuffixList()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
