"""
Shedding: what is given up first when something is used up.

A page view more or less changes nothing; a cart that is not reported does, and a purchase must
never wait behind either. So where a queue, a destination's rate or a budget is exhausted, the
events named here are dropped by name, and everything else waits. Nothing is dropped before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

PAGE_VIEWS = frozenset({"PageView"})
# A budget is a rate; a page that reports ten events at once is within it.
_BURST = timedelta(seconds=10)


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

    It fills up with time, to a burst of ten seconds, and is overdrawn by no more than that.
    """

    per_second: float
    _left: float = field(init=False)
    _at: datetime | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._left = self._most

    @property
    def _most(self) -> float:
        return max(1.0, self.per_second * _BURST.total_seconds())

    def spend(self, count: int, now: datetime) -> None:
        self._fill(now)
        self._left = max(-self._most, self._left - count)

    def is_used_up(self, now: datetime) -> bool:
        self._fill(now)
        return self._left < 1

    def _fill(self, now: datetime) -> None:
        passed = timedelta(0) if self._at is None else max(timedelta(0), now - self._at)
        self._left = min(self._most, self._left + self.per_second * passed.total_seconds())
        self._at = now
