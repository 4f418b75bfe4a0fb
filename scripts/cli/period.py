"""The options that name a span of whole UTC days."""

from datetime import date

from scripts.cli.errors import AskedWronglyError
from shared.domain.period import Period, day_of


def period(day: str | None, first: str | None, last: str | None, *, today: date) -> Period:
    """Read the three options; without any it is today, and without an end it lasts until today."""
    if day is not None:
        if first is not None or last is not None:
            raise AskedWronglyError("give --day, or --from and --to, not both")
        return Period(_day("--day", day), _day("--day", day))
    if first is None:
        if last is not None:
            raise AskedWronglyError("--to needs --from")
        return Period(today, today)
    found = Period(_day("--from", first), today if last is None else _day("--to", last))
    if found.last < found.first:
        raise AskedWronglyError(f"the period ends ({found.last}) before it begins ({found.first})")
    return found


def _day(option: str, text: str) -> date:
    day = day_of(text)
    if day is None:
        raise AskedWronglyError(f"{option} is {text!r}; write a day like 2026-11-24")
    return day
