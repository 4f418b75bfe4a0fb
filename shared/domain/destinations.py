"""
Destinations: whether one may be told at this moment, and since when.

    running ──(its settings are refused)──▶ paused(reason)
       ▲                                        │
       └───────────(a probe is let in)──────────┘

A dead token, a wrong dataset or an ended API version refuses everything, so trying each
conversion would only wear out its task. A throttle is no pause: it ends by the clock.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.outcomes import Accepted, Because, Deferred, Outcome


class Running(StrEnum):
    """Whether a destination is told."""

    RUNNING = "running"
    PAUSED = "paused"


class Heard(StrEnum):
    """What an answer says of the destination itself, not of what was sent."""

    LET_IN = "let_in"
    SHUT_OUT = "shut_out"
    NOTHING = "nothing"


PROBED: dict[tuple[Running, Heard], Running] = {
    (Running.RUNNING, Heard.LET_IN): Running.RUNNING,
    (Running.RUNNING, Heard.SHUT_OUT): Running.PAUSED,
    (Running.RUNNING, Heard.NOTHING): Running.RUNNING,
    (Running.PAUSED, Heard.LET_IN): Running.RUNNING,
    (Running.PAUSED, Heard.SHUT_OUT): Running.PAUSED,
    (Running.PAUSED, Heard.NOTHING): Running.PAUSED,
}
"""Where a probe leads. A delivery's answer may pause; only a probe ends a pause."""

# Written by every instance of `dispatch` at most so often; Firestore wants few writes a document.
SUCCESS_NOTED_EVERY = timedelta(minutes=10)
# A token can die while nobody buys; what was let in within the hour needs no probe.
PROBED_EVERY = timedelta(hours=1)
# The queue's own tasks knock too, so that a pause ends within seconds where there are any.
KNOCKED_EVERY = timedelta(seconds=15)
# Where there are none the relay asks. It runs each minute, a few seconds early or late, so that
# in fact its every fifth run does.
PAUSE_PROBED_EVERY = timedelta(minutes=4, seconds=30)
# A debt that waits in the ledger for its destination is looked at again this often, for consent,
# refunds and age; for as long after a pause the relay also looks for debts that wait.
PARKED_FOR = timedelta(hours=1)
# Without any word of how long (Meta documents none) a throttle begins short, and each one that
# follows doubles what it has lasted so far.
THROTTLED_AT_LEAST = timedelta(seconds=5)
THROTTLED_AT_MOST = timedelta(minutes=5)
# A throttle that follows another one this soon is the same throttle, going on.
_ONE_THROTTLE = timedelta(minutes=2)
# A throttle this long, or of so many turns, means that a budget is used up.
_EXHAUSTED_FROM = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How a destination stands; `since` is when `state` last changed, None if it never did.

    While `throttled_until` is ahead nothing is sent; `throttled_since` is when that began.
    """

    state: Running = Running.RUNNING
    reason: str | None = None
    since: datetime | None = None
    last_success_at: datetime | None = None
    last_probe_at: datetime | None = None
    throttled_since: datetime | None = None
    throttled_until: datetime | None = None

    @property
    def is_paused(self) -> bool:
        return self.state is Running.PAUSED

    def resumed_lately(self, now: datetime) -> bool:
        """Tell whether debts may still wait in the ledger from a pause that is over."""
        return not self.is_paused and self.since is not None and now - self.since <= PARKED_FOR

    def throttled_for(self, now: datetime) -> timedelta | None:
        """Say how long nothing may be sent; None where it may."""
        if self.throttled_until is None or self.throttled_until <= now:
            return None
        return self.throttled_until - now

    def is_exhausted(self, now: datetime) -> bool:
        """Tell whether the destination's budget is used up: then page views are shed."""
        if self.throttled_for(now) is None or self.throttled_until is None:
            return False
        began = self.throttled_since or self.throttled_until
        return self.throttled_until - began >= _EXHAUSTED_FROM

    def wants_probe(self, now: datetime) -> bool:
        """Tell whether who asks gets a new answer: while paused, or an hour after the last word."""
        lately = [at for at in (self.last_success_at, self.last_probe_at) if at is not None]
        return self.is_paused or all(now - at >= PROBED_EVERY for at in lately)

    def wants_knock(self, now: datetime) -> bool:
        """Tell whether a task that meets the pause should ask if it is over."""
        return self.is_paused and self._unasked_for(KNOCKED_EVERY, now)

    def is_probe_due(self, now: datetime) -> bool:
        """Tell whether the relay should ask, by itself: a pause that nobody else asked about."""
        if self.is_paused:
            return self._unasked_for(PAUSE_PROBED_EVERY, now)
        return self.wants_probe(now)

    def after(self, outcome: Outcome, *, began_at: datetime, now: datetime) -> "Standing":
        """
        Learn from the answer to a delivery; itself where there is nothing to write down.

        `began_at` is when that attempt began: one from before the last change says nothing of
        how things stand since.
        """
        if self.since is not None and began_at < self.since:
            return self
        match outcome:
            case Accepted():
                last = self.last_success_at
                is_old = last is None or now - last >= SUCCESS_NOTED_EVERY
                return replace(self, last_success_at=now) if is_old else self
            case Deferred(because=Because.MISCONFIGURED, detail=detail):
                return self._moved(Running.PAUSED, detail, now)
            case Deferred(because=Because.THROTTLED | Because.BLOCKED, retry_after=retry_after):
                return self._throttled(retry_after, now)
            case _:
                return self

    def probed(self, outcome: Outcome, *, began_at: datetime, now: datetime) -> "Standing":
        """Learn from a probe; only this ends a pause."""
        heard = heard_in(outcome)
        if self.since is not None and began_at < self.since:
            heard = Heard.NOTHING
        detail = outcome.detail if isinstance(outcome, Deferred) else None
        moved = self._moved(PROBED[self.state, heard], detail, now)
        return replace(moved, last_probe_at=now)

    def _unasked_for(self, span: timedelta, now: datetime) -> bool:
        lately = [at for at in (self.since, self.last_probe_at) if at is not None]
        return all(now - at >= span for at in lately)

    def _moved(self, state: Running, reason: str | None, now: datetime) -> "Standing":
        if state is self.state:
            return self
        return replace(
            self,
            state=state,
            reason=reason if state is Running.PAUSED else None,
            since=now,
            throttled_since=None,
            throttled_until=None,
        )

    def _throttled(self, said: timedelta | None, now: datetime) -> "Standing":
        ended = self.throttled_until
        goes_on = ended is not None and now - ended <= _ONE_THROTTLE
        began = (self.throttled_since or now) if goes_on else now
        until = now + (said or min(max(now - began, THROTTLED_AT_LEAST), THROTTLED_AT_MOST))
        if ended is not None and until <= ended:
            return self
        return replace(self, throttled_since=began, throttled_until=until)


def heard_in(outcome: Outcome) -> Heard:
    match outcome:
        case Accepted():
            return Heard.LET_IN
        case Deferred(because=Because.MISCONFIGURED):
            return Heard.SHUT_OUT
        case _:
            return Heard.NOTHING
