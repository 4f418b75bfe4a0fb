"""
Shedding: what is given up first when something is used up.

A page view more or less changes nothing; a cart that is not reported does, and a purchase must
never wait behind either. So where a queue, a destination's rate or a budget is exhausted, the
events named here are dropped by name, and everything else waits. Nothing is dropped before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

PAGE_VIEWS = frozenset({"PageView"})
# A budget is a rate; a page that reports ten events at once is within it.
_BURST = timedelta(seconds=10)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Named(Protocol):
    @property
    def event_name(self) -> str: ...


_N = TypeVar("_N", bound=Named)


def split(events: Sequence[_N], shed: frozenset[str]) -> tuple[list[_N], list[_N]]:
    """Tell what is kept from what may be given up."""
    kept = [event for event in events if event.event_name not in shed]
    return kept, [event for event in events if event.event_name in shed]


@dataclass(slots=True)
class Budget:
    """
    Events a second that one instance passes on; what must not be dropped passes all the same.

    Each event pays for a stretch of time. Ten seconds may be spent ahead, which is the burst;
    further ahead the budget is used up, and it is never overdrawn by more than ten seconds.
    """

    per_second: int
    # The last instant that anybody spent at. A slow request comes with the one when it began, and
    # would take what others rightly spent since for spent ahead.
    _latest: datetime = field(init=False, default=_LONG_AGO)
    _spent_until: datetime = field(init=False, default=_LONG_AGO)

    def spend(self, count: int, now: datetime) -> None:
        self._latest = now = max(now, self._latest)
        cost = count * timedelta(seconds=1) // self.per_second
        self._spent_until = min(max(now, self._spent_until) + cost, now + 2 * _BURST)

    def is_used_up(self, now: datetime) -> bool:
        return self._spent_until - max(now, self._latest) >= _BURST
