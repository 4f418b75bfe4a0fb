"""The bucket that holds a queue to max_dispatches_per_second."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# Times are whole microseconds; a token that lacks less than that is there.
_WHOLE: Final = 1 - 1e-3


def burst_of(rate: float) -> int:
    """Choose max_burst_size: at least the rate, and never less than one (RateLimits)."""
    return max(1, math.ceil(rate))


@dataclass(slots=True)
class TokenBucket:
    """`rate` tokens a second flow in, up to one second's burst; each dispatch takes one."""

    rate: float
    filled_at: datetime
    tokens: float

    @classmethod
    def full(cls, rate: float, now: datetime) -> "TokenBucket":
        return cls(rate=rate, filled_at=now, tokens=burst_of(rate))

    def take(self, now: datetime) -> bool:
        """Take one token, or tell that there is none."""
        self._fill(now)
        if self.tokens < _WHOLE:
            return False
        self.tokens -= 1
        return True

    def next_at(self, now: datetime) -> datetime:
        """Say when a whole token will be there."""
        self._fill(now)
        return now + timedelta(seconds=max(0.0, 1 - self.tokens) / self.rate)

    def change_rate(self, rate: float, now: datetime) -> None:
        self._fill(now)
        self.rate = rate

    def _fill(self, now: datetime) -> None:
        elapsed = (now - self.filled_at).total_seconds()
        # A clock that is set back must not empty the bucket.
        self.tokens = min(burst_of(self.rate), self.tokens + max(0.0, elapsed) * self.rate)
        self.filled_at = now
