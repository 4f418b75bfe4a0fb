"""
How much of Meta's rate limits is used up, as its answers' headers say.

Three headers, each a JSON text, any of them absent (Graph API and Marketing API, rate limiting):

    X-App-Usage                 {"call_count": 28, "total_time": 25, "total_cputime": 25}
    X-Business-Use-Case-Usage   {"<id>": [{"call_count": 95, …,
                                 "estimated_time_to_regain_access": 19}]}      (minutes)
    X-Ad-Account-Usage          {"acc_id_util_pct": 9.67, "reset_time_duration": 120}  (seconds)

Whoever parses the texts cuts fractions off: a percent more or less decides nothing. Numbers that
make no sense are left aside: a header is advice, and no event is lost over it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# Meta gives no number; from here on others have been throttled soon after.
SLOW_FROM: Final = 80
FULL_FROM: Final = 100
# A longer wait is not believed at once: an hour later it is asked for again.
LONGEST_WAIT: Final = timedelta(hours=1)
# Per percent above SLOW_FROM: 1.5 s at 81 %, half a minute at the end.
_SLOWER_BY: Final = timedelta(milliseconds=1_500)
_FULL: Final = timedelta(minutes=1)
_SHARES: Final = ("call_count", "total_cputime", "total_time", "acc_id_util_pct")

APP: Final = "x-app-usage"
BUSINESS: Final = ("x-business-use-case-usage", "x-business-use-case")
AD_ACCOUNT: Final = "x-ad-account-usage"


@dataclass(frozen=True, slots=True)
class Usage:
    """The most used of all limits in percent, and how long until access is regained, if lost."""

    percent: int = 0
    regain_in: timedelta | None = None

    @property
    def slow_down(self) -> timedelta | None:
        """Say how long to leave Meta alone before the next events; None below SLOW_FROM."""
        if self.regain_in is not None:
            return self.regain_in
        if self.percent >= FULL_FROM:
            return _FULL
        if self.percent < SLOW_FROM:
            return None
        return _SLOWER_BY * max(1, self.percent - SLOW_FROM)


def usage_of(headers: Mapping[str, object]) -> Usage:
    """Read the parsed headers, by their names in lower case."""
    said = list(_said(headers))
    shares = [share for one in said for share in _numbers(one, _SHARES)]
    waits = [wait for one in said for wait in _waits(one)]
    longest = max(waits, default=timedelta(0))
    return Usage(
        percent=max(shares, default=0),
        regain_in=min(longest, LONGEST_WAIT) if longest else None,
    )


def _said(headers: Mapping[str, object]) -> Iterator[Mapping[object, object]]:
    """Yield every object that speaks of usage, whichever header it stands in."""
    for name in (APP, AD_ACCOUNT):
        header = headers.get(name)
        if isinstance(header, Mapping):
            yield header
    for name in BUSINESS:
        by_id = headers.get(name)
        for listed in by_id.values() if isinstance(by_id, Mapping) else ():
            for one in listed if isinstance(listed, list) else ():
                if isinstance(one, Mapping):
                    yield one


def _waits(one: Mapping[object, object]) -> Iterator[timedelta]:
    for minutes in _numbers(one, ("estimated_time_to_regain_access",)):
        yield timedelta(minutes=minutes)
    # The duration to the reset is always there; it is a wait only where nothing is left.
    for percent in _numbers(one, ("acc_id_util_pct",)):
        if percent >= FULL_FROM:
            for seconds in _numbers(one, ("reset_time_duration",)):
                yield timedelta(seconds=seconds)


_MOST = 100_000


def _numbers(one: Mapping[object, object], names: Iterable[str]) -> Iterator[int]:
    for name in names:
        value = one.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST:
            yield value
