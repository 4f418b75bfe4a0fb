"""The rules of fbc and fbp (Meta: fbp and fbc parameters)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.fbc import (
    Fbc,
    fbclid_of,
    is_fresh,
    new_fbp,
    next_fbc,
    parse_fbc,
    parse_fbp,
)

NOW_MS = 1_795_500_000_000
A_DAY_MS = timedelta(days=1) // timedelta(milliseconds=1)
CLICK = "IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2ofrHyiLjcbCRxTDMgk"
CURRENT = Fbc(subdomain_index=1, created_ms=1_554_763_741_205, fbclid=CLICK)
FBCLIDS = st.from_regex(r"[A-Za-z0-9_-]{1,500}", fullmatch=True)


def test_metas_own_sample_is_read():
    assert parse_fbc(f"fb.1.1554763741205.{CLICK}") == CURRENT
    assert CURRENT.text == f"fb.1.1554763741205.{CLICK}"


@pytest.mark.parametrize("appendix", ["AQ", "Ag", "Aw", "BA", "BQ", "Bg", "AQIAAQMC"])
def test_the_parameter_builders_appendix_is_kept_apart(appendix):
    fbc = parse_fbc(f"fb.1.1554763741205.{CLICK}.{appendix}")

    assert fbc is not None
    assert (fbc.fbclid, fbc.appendix) == (CLICK, appendix)
    assert fbc.text.endswith(f".{CLICK}.{appendix}")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "fb",
        "fb.1.1554763741205.",
        "fb.1.1554763741205",
        f"fb.1.1554763741.{CLICK}",  # Seconds.
        f"fb.1.15547637412055.{CLICK}",
        f"fb.10.1554763741205.{CLICK}",
        f"fb.x.1554763741205.{CLICK}",
        f"FB.1.1554763741205.{CLICK}",
        f"fb.1.1554763741205.{CLICK} ",
        f"fb.1.1554763741205.{CLICK}\n",
        f"fb.1.1554763741205.{CLICK}.ZZ",
        f"fb.1.1554763741205.{CLICK}.AQIAAQMC.AQIAAQMC",
        "fb.1.1554763741205." + "a" * 501,
        "fb.1.1554763741205.<script>",
        "fb.1.١٥٥٤٧٦٣٧٤١٢٠٥.abc",
        "fb.1.1554763741205.a%20b",
    ],
)
def test_a_malformed_fbc_counts_as_none(text):
    assert parse_fbc(text) is None


@pytest.mark.parametrize("index", range(10))
def test_any_single_digit_of_domain_level_is_taken(index):
    fbc = parse_fbc(f"fb.{index}.1554763741205.abc")

    assert fbc is not None
    assert fbc.subdomain_index == index


@given(st.integers(0, 9), st.integers(10**12, 10**13 - 1), FBCLIDS)
def test_what_we_write_we_can_read(index, created_ms, fbclid):
    fbc = Fbc(subdomain_index=index, created_ms=created_ms, fbclid=fbclid)

    assert parse_fbc(fbc.text) == fbc


@pytest.mark.parametrize(
    "text",
    [
        "fb.1.1596403881668.1116446470",
        "fb.2.1596403881668.1",
        "fb.1.1596403881668.12345678901234567890",
        "fb.1.1596403881668.1116446470.AQICAQMC",
        "fb.1.1596403881668.1116446470.Ag",
    ],
)
def test_a_good_fbp_is_left_as_it_is(text):
    assert parse_fbp(text) == text


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "fb.1.1596403881668.",
        "fb.1.1596403881668.abc",
        "fb.1.1596403881668.-1",
        "fb.1.1596403881.1116446470",
        "fb.1.1596403881668.123456789012345678901",
        "fb.1.1596403881668.1116446470\n",
        "fb.1.1596403881668.١١",
    ],
)
def test_a_malformed_fbp_counts_as_none(text):
    assert parse_fbp(text) is None


@given(st.integers(0, 10**18 - 1))
def test_a_new_fbp_is_a_good_one(random):
    fbp = new_fbp(now_ms=NOW_MS, subdomain_index=1, random=random)

    assert parse_fbp(fbp) == f"fb.1.{NOW_MS}.{random}"


def test_the_click_id_keeps_its_case():
    assert fbclid_of(f"https://shop.example/p?a=1&fbclid={CLICK}#top") == CLICK


def test_the_click_id_is_decoded_exactly_once():
    assert fbclid_of("https://shop.example/?fbclid=a%2Db") == "a-b"
    assert fbclid_of("https://shop.example/?fbclid=a%252Db") is None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "fbclid",
        "fbclid=",
        "fbclid=a b",
        "fbclid=a+b",
        "fbclid=a.b",
        "fbclid=a%0A",
        "fbclid=a\tb",
        "fbclid=<script>",
        "fbclid=%FF",
        "fbclid=" + "a" * 501,
        "FBCLID=abc",
        "xfbclid=abc",
        "a=1;fbclid=abc",
        "a=1#?fbclid=abc",
        "fbclid=\ud800",
    ],
)
def test_what_is_no_click_id_is_not_taken_for_one(query):
    assert fbclid_of(f"https://shop.example/?{query}") is None


def test_an_empty_click_id_does_not_hide_a_good_one():
    assert fbclid_of("https://shop.example/?fbclid=&fbclid=abc") == "abc"


def test_the_longest_click_id_is_not_cut():
    assert fbclid_of("https://shop.example/?fbclid=" + "a" * 500) == "a" * 500


@given(st.one_of(st.none(), st.text(alphabet=st.characters(codec=None))))
def test_no_address_is_too_strange_to_look_at(url):
    assert fbclid_of(url) is None or parse_fbc(f"fb.1.1554763741205.{fbclid_of(url)}")


@given(st.text(alphabet=st.characters(codec=None)))
def test_no_cookie_is_too_strange_to_look_at(text):
    assert parse_fbc(text) is None or parse_fbc(text).text == text
    assert parse_fbp(text) in (None, text)


def test_a_first_click_begins_an_fbc_now():
    fbc = next_fbc(None, "abc", now_ms=NOW_MS, subdomain_index=2)

    assert fbc == Fbc(subdomain_index=2, created_ms=NOW_MS, fbclid="abc")


def test_a_new_click_replaces_an_old_one():
    fbc = next_fbc(CURRENT, "another", now_ms=NOW_MS, subdomain_index=1)

    assert fbc == Fbc(subdomain_index=1, created_ms=NOW_MS, fbclid="another")


def test_the_same_click_keeps_its_first_time():
    assert next_fbc(CURRENT, CLICK, now_ms=NOW_MS, subdomain_index=2) is CURRENT


def test_the_same_click_is_known_behind_an_appendix():
    """
    With the Parameter Builder's fifth part, the part after the last dot is not the click.
    """
    current = parse_fbc(f"fb.1.1554763741205.{CLICK}.AQIAAQMC")

    assert next_fbc(current, CLICK, now_ms=NOW_MS, subdomain_index=1) is current


def test_a_click_in_another_case_is_another_click():
    fbc = next_fbc(CURRENT, CLICK.lower(), now_ms=NOW_MS, subdomain_index=1)

    assert fbc is not None
    assert fbc.created_ms == NOW_MS


@pytest.mark.parametrize("fbclid", [None, "", "a b", "a.b", "<script>", "a" * 600])
@pytest.mark.parametrize("current", [None, CURRENT])
def test_without_a_good_click_id_nothing_changes(current, fbclid):
    assert next_fbc(current, fbclid, now_ms=NOW_MS, subdomain_index=1) is current


@pytest.mark.parametrize(("age_days", "fresh"), [(0, True), (90, True), (90.001, False)])
def test_a_click_is_fresh_for_90_days(age_days, fresh):
    fbc = Fbc(1, NOW_MS - int(age_days * A_DAY_MS), "abc")

    assert is_fresh(fbc, now_ms=NOW_MS) is fresh
