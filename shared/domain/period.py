"""Whole days, in UTC whatever the clock on the wall says: the days of Stripe's own reports."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

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


def day_of(text: str) -> date | None:
    """Read a day like 2026-11-24; None where it is written in another way, or is none."""
    try:
        # fromisoformat takes weeks and days without dashes too; nobody means those.
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
    # The very last day has no midnight after it.
    return None if day == date.max else day


def yesterday(now: datetime) -> Period:
    """Give the last UTC day that is over."""
    day = now.astimezone(UTC).date() - timedelta(days=1)
    return Period(day, day)
