"""Dates of birth are read only where one reading is a date."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.birth_dates import normalised_birth_date


@pytest.mark.parametrize(
    "text",
    [
        "2/16/1997",
        "02/16/1997",
        "16/2/1997",
        "16.2.1997",
        "2.16.1997",
        "16-02-1997",
        "02-16-1997",
        "19970216",
        "1997-02-16",
        "1997/2/16",
        "1997.02.16",
        " 1997-02-16\u200e ",
        "١٩٩٧-٠٢-١٦",
        "16 Feb 1997",
        "16th of February 1997",
        "Feb. 16, 1997",
        "FEBRUARY 16TH, 1997",
    ],
)
def test_every_plain_spelling_means_the_same_day(text):
    assert normalised_birth_date(text) == "19970216"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("3/4/1997", "19970304"),
        ("3.4.1997", "19970403"),
        ("3-4-1997", None),
        ("4-4-1997", "19970404"),
    ],
)
def test_the_mark_says_whether_the_month_comes_first(text, written):
    assert normalised_birth_date(text) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1997",
        "16.2.97",
        "2/16/97",
        "1997-02-30",
        "19970230",
        "1997-13-01",
        "16021997",
        "1899-12-31",
        "2101-01-01",
        "0000-00-00",
        "1997-02/16",
        "1997-02-16T00:00:00Z",
        "30 Feb 1997",
        "16 Fe 1997",
        "16 Février 1997",
        "Feb Mar 1997",
        "16 2 1997",
        "855964800",
        "yesterday",
    ],
)
def test_what_is_no_sure_date_is_dropped(text):
    assert normalised_birth_date(text) is None


@pytest.mark.parametrize("text", ["1900-01-01", "2100-12-31", "2000-02-29"])
def test_the_bounds_are_within(text):
    assert normalised_birth_date(text) == text.replace("-", "")


@given(st.dates(min_value=date(1900, 1, 1)))
def test_every_day_is_found_again(day):
    written = f"{day:%Y%m%d}" if day.year <= 2100 else None

    assert normalised_birth_date(day.isoformat()) == written
    assert normalised_birth_date(f"{day.month}/{day.day}/{day.year}") == written
    assert normalised_birth_date(f"{day:%d.%m.%Y}") == written
    assert normalised_birth_date(f"{day:%d %B %Y}") == written
