"""
Deliveries: what is owed to one destination for one purchase, and its state.

    owed ◀─▶ queued ──▶ accepted | rejected | withheld | expired
      │                              │          │
      └──▶ withheld | expired        │          └──▶ owed   (a late match, a failed refund)
                                     └─────────────▶ owed   (a repair)

queued ──▶ owed hands a debt back to the ledger: its destination is paused, or its task ends.

A state only moves along TRANSITIONS; every function here returns a new delivery.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.audit import Act, Deed
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
    State.QUEUED: frozenset(
        {State.OWED, State.ACCEPTED, State.REJECTED, State.WITHHELD, State.EXPIRED}
    ),
    State.REJECTED: frozenset({State.OWED}),
    State.ACCEPTED: frozenset(),
    State.WITHHELD: frozenset({State.OWED}),
    State.EXPIRED: frozenset(),
}
"""Which state may follow which. A task can outrun the note that it was queued: owed → accepted."""

OPEN = frozenset({State.OWED, State.QUEUED})
# Closed for now: later knowledge, or a person, may owe it again.
REOPENED = frozenset({State.WITHHELD, State.REJECTED})

# Longer than an attempt can last (1.5 s to connect, 10 s to read, and the ledger's own time):
# an attempt that is still marked after this died without telling what came of it.
ATTEMPT_LASTS_AT_MOST = timedelta(seconds=30)
# Cloud Tasks may delete a task after its last attempt, and keeps no dead letters. What was
# queued this long ago without a sign of life since is queued anew. It is longer than a live task
# can be silent: the longest back-off and the longest Retry-After (tests/unit/test_retry_plan.py).
QUEUED_AT_MOST_FOR = timedelta(hours=2)
# A sign of life is written down no more often than this; it costs a write.
LIFE_NOTED_EVERY = timedelta(minutes=15)
# Errors that Meta calls unknown, or that are internal to it, are tried so often, then kept for a
# person: they may be ours (error reference: 5000, negative codes).
UNEXPLAINED_AT_MOST = 5


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
    while an attempt runs. `ambiguous` counts attempts of which nobody knows whether the
    destination received them, whatever the state says. `unexplained` counts answers that may
    never change. `event_name` is what the first attempt called it: every other says the same.
    `parked_until` is set while no task exists and none is to be made. `rejected_at` is of the
    latest refusal; `acts` are what persons did about refusals.
    """

    state: State = State.OWED
    reason: str | None = None
    tasks: int = 0
    attempts: int = 0
    ambiguous: int = 0
    unexplained: int = 0
    event_name: str | None = None
    not_before: datetime | None = None
    parked_until: datetime | None = None
    queued_at: datetime | None = None
    attempt_until: datetime | None = None
    accepted_at: datetime | None = None
    rejected_at: datetime | None = None
    fbtrace_id: str | None = None
    acts: tuple[Act, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_unjudged(self) -> bool:
        """Tell what was only written down so far; whether it may be told is still open."""
        return self.state is State.OWED and not self.tasks and not self.attempts

    @property
    def is_dropped(self) -> bool:
        """Tell whether a person has judged its refusal, and leaves it at that."""
        return bool(self.acts) and self.acts[-1].deed is Deed.DROPPED

    def relay_at(self, now: datetime) -> datetime | None:
        """Say from when on `reconcile` should look at this delivery; None once it is closed."""
        match self.state:
            case State.OWED:
                return self.parked_until or now
            case State.QUEUED:
                # Without the instant its task was made for a later time than it may go now.
                if self.queued_at is None:
                    return now
                return max(self.queued_at, self.not_before or self.queued_at) + QUEUED_AT_MOST_FOR
            case _:
                return None

    def moved_to(self, state: State, reason: str | None = None) -> "Delivery":
        """
        Leave a state. An attempt that is still marked told nobody what came of it.

        What is closed before its queueing was noted may have a task all the same, whose name the
        queue knows for hours; what is owed again after that needs another one.
        """
        if state not in TRANSITIONS[self.state]:
            raise TransitionError(f"{self.state} does not lead to {state}")
        is_unnoted = self.state is State.OWED and state in REOPENED
        return replace(
            self,
            state=state,
            reason=reason,
            tasks=self.tasks + is_unnoted,
            ambiguous=self.ambiguous + (self.attempt_until is not None),
            # Who sends a refused one again wants it tried as often as the first time.
            unexplained=0 if self.state is State.REJECTED else self.unexplained,
            attempt_until=None,
            parked_until=None,
        )

    def queued(self, now: datetime) -> "Delivery":
        """
        Note that a task exists for it; queueing again is how a lost task is replaced.

        The task may have outrun this note: an attempt that it began goes on.
        """
        ended = replace(self, attempt_until=None)
        moved = self if self.state is State.QUEUED else ended.moved_to(State.QUEUED)
        return replace(moved, tasks=self.tasks + 1, queued_at=now, attempt_until=self.attempt_until)

    def parked(self, reason: str, until: datetime) -> "Delivery":
        """
        Hand the debt back to the ledger: no task exists for it, and none is made before `until`.

        A task that outran the note of its queueing has used its number up all the same.
        """
        if self.state is State.QUEUED:
            moved = self.moved_to(State.OWED, reason)
            return replace(moved, queued_at=None, parked_until=until)
        tasks = self.tasks if self.parked_until is not None else self.tasks + 1
        return replace(self, reason=reason, tasks=tasks, parked_until=until)

    def is_being_attempted(self, now: datetime) -> bool:
        return self.attempt_until is not None and now < self.attempt_until

    def waiting_until(self, not_before: datetime | None) -> "Delivery":
        """Wait, or wait no longer: then the task that waits is replaced by one that does not."""
        ended = self.not_before is not None and not_before is None
        queued_at = None if ended else self.queued_at
        return replace(self, not_before=not_before, queued_at=queued_at)

    def without_dead_attempt(self, now: datetime) -> "Delivery":
        """
        Count an attempt that began and never ended: nobody knows what it did.

        Whatever is judged next, withheld included, the count says that it may have been told.
        """
        if self.attempt_until is None or self.is_being_attempted(now):
            return self
        return replace(self, ambiguous=self.ambiguous + 1, attempt_until=None)

    def attempted(self, event_name: str, now: datetime) -> "Delivery":
        """Begin an attempt. One that began and never ended left its outcome unknown."""
        lost = self.attempt_until is not None
        return replace(
            self,
            attempts=self.attempts + 1,
            ambiguous=self.ambiguous + (1 if lost else 0),
            event_name=self.event_name or event_name,
            attempt_until=now + ATTEMPT_LASTS_AT_MOST,
            parked_until=None,
        )

    def closed_by(self, outcome: Accepted | Rejected, now: datetime) -> "Delivery":
        ended = replace(self, attempt_until=None)
        match outcome:
            case Accepted(fbtrace_id=trace):
                moved = ended.moved_to(State.ACCEPTED)
                return replace(moved, fbtrace_id=trace, accepted_at=now)
            case Rejected(reason=reason, fbtrace_id=trace):
                moved = ended.moved_to(State.REJECTED, reason)
                return replace(moved, fbtrace_id=trace, rejected_at=now)

    def deferred(self, outcome: Deferred, now: datetime) -> "Delivery":
        """End an attempt that may still succeed; its task is alive and comes back."""
        return replace(
            self,
            reason=reason_of(outcome),
            ambiguous=self.ambiguous + (outcome.because is Because.AMBIGUOUS),
            unexplained=self.unexplained + (outcome.because is Because.UNEXPLAINED),
            attempt_until=None,
            queued_at=now if self.state is State.QUEUED else self.queued_at,
        )

    def shows_life(self, now: datetime) -> "Delivery":
        """Note that its task came, though nothing was attempted; itself if noted lately."""
        if self.queued_at is None or now - self.queued_at < LIFE_NOTED_EVERY:
            return self
        return replace(self, queued_at=now)


def reason_of(deferred: Deferred) -> str:
    return f"{deferred.because}:{deferred.detail}" if deferred.detail else deferred.because
