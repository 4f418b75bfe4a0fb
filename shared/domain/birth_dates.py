"""Dates of birth, in the spellings that can be read in one way only."""

import re
from datetime import date
from typing import Final

from shared.domain.characters import shown, with_ascii_digits

_EARLIEST_YEAR: Final = 1900  # Meta's bound.
_LATEST_YEAR: Final = 2100
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_YEAR_FIRST: Final = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_YEAR_LAST: Final = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})", re.ASCII)
_WORD: Final = re.compile(r"[a-z]+|\d+", re.ASCII)
_FILLERS: Final = frozenset({"st", "nd", "rd", "th", "of"})
_MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_SHORTEST_MONTH: Final = 3


def normalised_birth_date(text: str) -> str | None:
    """
    Write a date as Meta's YYYYMMDD; None if it is no real date, or could be two.

    A slash means the month first (Meta's own example is 2/16/1997), a dot the day first; a
    dash means either, so it is read only where one reading is a date.
    """
    written = with_ascii_digits(shown(text)).lower()
    if found := _COMPACT.fullmatch(written):
        year, month, day = found.groups()
        return _real(year, month, day)
    if found := _YEAR_FIRST.fullmatch(written):
        year, _, month, day = found.groups()
        return _real(year, month, day)
    if found := _YEAR_LAST.fullmatch(written):
        first, mark, second, year = found.groups()
        return _year_last(first, mark, second, year)
    return _with_month_name(written)


def _year_last(first: str, mark: str, second: str, year: str) -> str | None:
    month_first, day_first = _real(year, first, second), _real(year, second, first)
    if mark == "/":
        return month_first or day_first
    if mark == ".":
        return day_first or month_first
    readings = {reading for reading in (month_first, day_first) if reading}
    return readings.pop() if len(readings) == 1 else None


def _with_month_name(written: str) -> str | None:
    """Read "16 Feb 1997" and "February 16th, 1997"."""
    match [word for word in _WORD.findall(written) if word not in _FILLERS]:
        case [first, second, year] if len(year) == len("YYYY"):
            month, day = (first, second) if second.isdigit() else (second, first)
            return _real(year, _month_number(month), day)
        case _:
            return None


def _month_number(word: str) -> str:
    """Find a month's number by its English name or the start of it; 0 if there is none."""
    if len(word) < _SHORTEST_MONTH:
        return "0"
    starts = (n for n, name in enumerate(_MONTHS, start=1) if name.startswith(word))
    return str(next(starts, 0))


def _real(year: str, month: str, day: str) -> str | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return f"{found:%Y%m%d}" if _EARLIEST_YEAR <= found.year <= _LATEST_YEAR else None
