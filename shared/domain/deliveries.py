"""
Deliveries: what is owed to one destination for one purchase, and its state.

    owed ──▶ queued ──▶ accepted | rejected | withheld | expired
      │                              │          │
      └──▶ withheld | expired        │          └──▶ owed   (a late match, a failed refund)
                                     └─────────────▶ owed   (a repair)

A state only moves along TRANSITIONS; every function here returns a new delivery.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.outcomes import Accepted, Because, Deferred, Rejected


class State(StrEnum):
    OWED = "owed"
    QUEUED = "queued"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHHELD = "withheld"
    EXPIRED = "expired"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.OWED: frozenset(
        {State.QUEUED, State.ACCEPTED, State.REJECTED, State.WITHHELD, State.EXPIRED}
    ),
    State.QUEUED: frozenset({State.ACCEPTED, State.REJECTED, State.WITHHELD, State.EXPIRED}),
    State.REJECTED: frozenset({State.OWED}),
    State.ACCEPTED: frozenset(),
    State.WITHHELD: frozenset({State.OWED}),
    State.EXPIRED: frozenset(),
}
"""Which state may follow which. A task can outrun the note that it was queued: owed → accepted."""

OPEN = frozenset({State.OWED, State.QUEUED})

# Longer than an attempt can last (1.5 s to connect, 10 s to read, and the ledger's own time):
# an attempt that is still marked after this died without telling what came of it.
ATTEMPT_LASTS_AT_MOST = timedelta(seconds=30)
# Cloud Tasks may delete a task after its last attempt, and keeps no dead letters. What was
# queued this long ago without an attempt since is queued anew.
QUEUED_AT_MOST_FOR = timedelta(hours=2)


class Withheld(StrEnum):
    """Why we chose not to tell."""

    NO_CONSENT = "no_consent"
    UNMATCHED = "unmatched"
    RENEWAL = "renewal"
    OFF_STRIPE = "off_stripe"
    PART_OF_INVOICE = "part_of_invoice"
    TEST_MODE = "test_mode"
    ZERO = "zero"
    REFUNDED = "refunded"


class TransitionError(Exception):
    """A state was asked to go where TRANSITIONS does not lead; a defect of ours."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    One destination's copy of a purchase.

    `tasks` counts the tasks that were named for it; the next name carries that number.
    `not_before` is set while an event may still come that says more. `attempt_until` is set
    while an attempt runs. `ambiguous` counts attempts of which
    nobody knows whether the destination received them.
    """

    state: State = State.OWED
    reason: str | None = None
    tasks: int = 0
    attempts: int = 0
    ambiguous: int = 0
    not_before: datetime | None = None
    queued_at: datetime | None = None
    attempt_until: datetime | None = None
    accepted_at: datetime | None = None
    fbtrace_id: str | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_unjudged(self) -> bool:
        """Tell what was only written down so far; whether it may be told is still open."""
        return self.state is State.OWED and not self.tasks and not self.attempts

    def relay_at(self, now: datetime) -> datetime | None:
        """Say from when on `reconcile` should look at this delivery; None once it is closed."""
        match self.state:
            case State.OWED:
                return now
            case State.QUEUED:
                # Without the instant its task was made for a later time than it may go now.
                return self.queued_at + QUEUED_AT_MOST_FOR if self.queued_at else now
            case _:
                return None

    def moved_to(self, state: State, reason: str | None = None) -> "Delivery":
        if state not in TRANSITIONS[self.state]:
            raise TransitionError(f"{self.state} does not lead to {state}")
        return replace(self, state=state, reason=reason, attempt_until=None)

    def queued(self, now: datetime) -> "Delivery":
        """
        Note that a task exists for it; queueing again is how a lost task is replaced.

        The task may have outrun this note: an attempt that it began goes on.
        """
        moved = self if self.state is State.QUEUED else self.moved_to(State.QUEUED)
        attempt_until = self.attempt_until
        return replace(moved, tasks=self.tasks + 1, queued_at=now, attempt_until=attempt_until)

    def is_being_attempted(self, now: datetime) -> bool:
        return self.attempt_until is not None and now < self.attempt_until

    def waiting_until(self, not_before: datetime | None) -> "Delivery":
        """Wait, or wait no longer: then the task that waits is replaced by one that does not."""
        ended = self.not_before is not None and not_before is None
        queued_at = None if ended else self.queued_at
        return replace(self, not_before=not_before, queued_at=queued_at)

    def attempted(self, now: datetime) -> "Delivery":
        """
        Begin an attempt. One that began and never ended left its outcome unknown.
        """
        lost = self.attempt_until is not None
        return replace(
            self,
            attempts=self.attempts + 1,
            ambiguous=self.ambiguous + (1 if lost else 0),
            attempt_until=now + ATTEMPT_LASTS_AT_MOST,
        )

    def closed_by(self, outcome: Accepted | Rejected, now: datetime) -> "Delivery":
        match outcome:
            case Accepted(fbtrace_id=trace):
                moved = self.moved_to(State.ACCEPTED)
                return replace(moved, fbtrace_id=trace, accepted_at=now)
            case Rejected(reason=reason, fbtrace_id=trace):
                return replace(self.moved_to(State.REJECTED, reason), fbtrace_id=trace)

    def deferred(self, outcome: Deferred, now: datetime) -> "Delivery":
        """End an attempt that may still succeed; its task is alive and comes back."""
        unknown = outcome.because is Because.AMBIGUOUS
        return replace(
            self,
            reason=f"{outcome.because}:{outcome.detail}" if outcome.detail else outcome.because,
            ambiguous=self.ambiguous + (1 if unknown else 0),
            attempt_until=None,
            queued_at=now if self.state is State.QUEUED else self.queued_at,
        )
