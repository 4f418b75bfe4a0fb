"""The real phone adapter: libphonenumber."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.phonenumbers_e164 import to_e164


@pytest.mark.parametrize(
    ("raw", "country", "number"),
    [
        ("US (650)555-1212", "US", "+16505551212"),
        ("(650)555-1212", "US", "+16505551212"),
        ("650.555.1212", "us", "+16505551212"),
        ("650/555/1212", "US", "+16505551212"),
        ("0151 23456789", "DE", "+4915123456789"),
        ("٠١٥١ ٢٣٤٥٦٧٨٩", "DE", "+4915123456789"),
        ("+٣٣٦٠٠٠٠٠٠٠٠", None, "+33600000000"),
        ("＋33 6 00 00 00 00", None, "+33600000000"),
        ("+33 (0)6 00 00 00 00", None, "+33600000000"),
        ("+33600000000", "DE", "+33600000000"),
        ("0033 6 00 00 00 00", "FR", "+33600000000"),
        ("tel:+33-6-00-00-00-00", None, "+33600000000"),
        ("+39 06 6982 1234", None, "+390669821234"),  # Italy keeps its leading zero.
        # Not in use, says libphonenumber; but its writer named the country, and Meta's own
        # sample is such a number.
        ("+1 425 123 4567", None, "+14251234567"),
    ],
)
def test_a_phone_is_written_with_its_country(raw, country, number):
    assert to_e164(raw, country) == number


@pytest.mark.parametrize(
    ("raw", "country"),
    [
        ("0151 23456789", None),
        ("0151 23456789", ""),
        ("0151 23456789", "ZZ"),
        ("0151 23456789", "Germany"),
        ("33600000000", None),
        ("0033600000000", None),
        ("", "US"),
        ("junk", "US"),
        ("12", "US"),
        ("+", None),
        ("+999123456789", None),
        ("000 000 0000", "US"),
        ("+1 000", None),
        ("1" * 300, "US"),
        ("\x00", "US"),
        ("\ud800", "US"),
    ],
)
def test_what_is_not_surely_somebodys_number_is_dropped(raw, country):
    assert to_e164(raw, country) is None


@given(
    st.text(
        alphabet=st.one_of(
            st.sampled_from("+0123456789 ()-.;=extphon٠٩"), st.characters(codec=None)
        )
    ),
    st.one_of(st.none(), st.text(max_size=3), st.sampled_from(["US", "DE", "IT"])),
)
def test_any_text_ends_in_e164_or_in_nothing(raw, country):
    number = to_e164(raw, country)

    assert number is None or re.fullmatch(r"\+[1-9][0-9]{5,14}", number)
