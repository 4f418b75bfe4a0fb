"""Whole days, in UTC whatever the clock on the wall says: the days of Stripe's own reports."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from scripts.cli.errors import AskedWronglyError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day's midnight to the end of the last; both days are in it."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), UTC)

    @property
    def until(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)

    def __str__(self) -> str:
        days = str(self.first) if self.first == self.last else f"{self.first} to {self.last}"
        return f"{days} (UTC)"


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
    try:
        # fromisoformat takes weeks and days without dashes too; nobody means those.
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    # The very last day has no midnight after it.
    if day is None or day == date.max:
        raise AskedWronglyError(f"{option} is {text!r}; write a day like 2026-11-24")
    return day
