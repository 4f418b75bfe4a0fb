"""The cookie's domain, against the whole of the public suffix list."""

from pathlib import Path

import pytest
from publicsuffixlist import PSLFILE, PublicSuffixList

from shared.http.cookies import cookie_domain

WHOLE = PublicSuffixList()


def rules_below(top):
    """Give the list's rules as names that a host can have: encoded, wildcards filled in."""
    for line in Path(PSLFILE).read_text("utf-8").splitlines():
        if line and not line.startswith("//"):
            name = line.removeprefix("!").replace("*", "any").encode("idna").decode()
            if name == top or name.endswith(f".{top}"):
                yield name


# With wildcards and exceptions (jp, ck), with letters of its own (no, cn, and рф itself), with
# private suffixes (com, app), and one that the list does not know.
@pytest.mark.parametrize("top", ["com", "uk", "jp", "ck", "no", "cn", "app", "xn--p1ai"])
def test_what_is_read_of_the_list_says_what_the_whole_says(top):
    hosts = [host for rule in rules_below(top) for host in (rule, f"a.{rule}", f"www.a.{rule}")]
    cookie_domain.cache_clear()

    assert hosts
    assert {host: cookie_domain(host) for host in hosts} == {
        host: WHOLE.privatesuffix(host) for host in hosts
    }


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.shop.example", "shop.example"),
        ("checkout.shop.co.uk", "shop.co.uk"),
        ("co.uk", None),
        ("shop", None),
        ("192.0.2.1", None),
        ("localhost", None),
        ("shop.localhost", None),
    ],
)
def test_shops_subdomains_share_a_cookie_and_public_suffixes_have_none(host, domain):
    assert cookie_domain(host) == domain
