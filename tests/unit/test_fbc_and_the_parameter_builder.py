"""
Meta's Parameter Builder as a second opinion: where it keeps Meta's rules we agree with it.

Where it breaks them (seen in 1.3.2) we do not, and the test says how.
"""

import pytest
from capi_param_builder import ParamBuilder

from shared.domain.fbc import Fbc, fbclid_of, next_fbc, parse_fbc, parse_fbp

NOW_MS = 1_795_500_000_000
OLD = "fb.1.1554763741205.OldClick"


def builders(query: dict[str, list[str]], *, fbc: str | None = None, referer: str | None = None):
    """One instance a request: it remembers its first host."""
    builder = ParamBuilder(["shop.example"])
    builder.process_request("www.shop.example", query, {"_fbc": fbc} if fbc else {}, referer)
    return builder


def ours(url: str, *, fbc: str | None = None) -> Fbc | None:
    return next_fbc(parse_fbc(fbc), fbclid_of(url), now_ms=NOW_MS, subdomain_index=1)


@pytest.mark.parametrize("fbc", [None, OLD])
@pytest.mark.parametrize("fbclid", ["OldClick", "IwAR_New-1", "iwar_new-1"])
def test_both_choose_the_same_click(fbc, fbclid):
    theirs = parse_fbc(builders({"fbclid": [fbclid]}, fbc=fbc).get_fbc())
    own = ours(f"https://shop.example/?fbclid={fbclid}", fbc=fbc)

    assert theirs is not None
    assert own is not None
    assert (own.fbclid, own.subdomain_index) == (theirs.fbclid, theirs.subdomain_index)


def test_both_keep_the_time_of_a_click_seen_again():
    theirs = parse_fbc(builders({"fbclid": ["OldClick"]}, fbc=OLD).get_fbc())
    own = ours("https://shop.example/?fbclid=OldClick", fbc=OLD)

    assert theirs is not None
    assert own is not None
    assert own.created_ms == theirs.created_ms == 1_554_763_741_205


def test_both_leave_the_cookie_where_there_is_no_click():
    theirs = parse_fbc(builders({}, fbc=OLD).get_fbc())

    assert theirs is not None
    assert ours("https://shop.example/", fbc=OLD) == parse_fbc(OLD)
    assert theirs.fbclid == "OldClick"


def test_its_fbp_is_a_good_one():
    fbp = builders({}).get_fbp()

    assert parse_fbp(fbp) == fbp


def test_an_empty_click_id_does_not_wipe_a_good_one_as_it_does_there():
    theirs = builders({"fbclid": [""]}, fbc=OLD).get_fbc()
    own = ours("https://shop.example/?fbclid=", fbc=OLD)

    assert parse_fbc(theirs) is None
    assert own == parse_fbc(OLD)


@pytest.mark.parametrize("junk", ["a b", "a.b", "<script>", "a" * 600])
def test_a_malformed_click_id_does_not_replace_a_good_one_as_it_does_there(junk):
    theirs = builders({"fbclid": [junk]}, fbc=OLD).get_fbc()

    assert theirs is not None
    assert junk in theirs
    assert ours(f"https://shop.example/?fbclid={junk}", fbc=OLD) == parse_fbc(OLD)


def test_an_older_click_in_the_referrer_does_not_come_back_as_it_does_there():
    """
    The newest click stands in the page's address or in the cookie; the rule has no referrer.
    """
    theirs = builders({}, fbc=OLD, referer="https://shop.example/?fbclid=Older").get_fbc()

    assert parse_fbc(theirs).fbclid == "Older"
    assert ours("https://shop.example/", fbc=OLD) == parse_fbc(OLD)


def test_a_cookie_is_judged_by_its_content_and_not_by_the_number_of_its_parts():
    junk = "xx.yy.zz.junk"

    assert builders({}, fbc=junk).get_fbc().startswith(junk)
    assert parse_fbc(junk) is None
