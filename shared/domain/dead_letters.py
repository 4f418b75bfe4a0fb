"""
Dead letters: events that a destination refused, kept for a person to look at.

    rejected ──▶ queued ──▶ replayed | withheld
      │   ▲        │
      │   └────────┘            (refused again)
      └──▶ dropped              (its personal fields are gone)

A replay is a task of its own, so that what is refused again costs only itself. Whether the
visitor still agrees is judged by `dispatch` when it sends.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from shared.domain.audit import Act, Deed, Unfit
from shared.domain.consent import Consent
from shared.domain.conversions import Conversion, Destination, EventsTask
from shared.domain.events import is_too_old
from shared.domain.meta_words import lacks

# Cloud Tasks remembers a task's name for up to 24 hours after its end (CreateTaskRequest,
# `task.name`). Within that time the name alone stops a second task; what is silent for longer
# has lost its task, and may be replayed again.
REPLAY_IS_UNDER_WAY_FOR = timedelta(hours=24)


class LetterState(StrEnum):
    """What became of a rejected event; REPLAYED is accepted after all."""

    REJECTED = "rejected"
    QUEUED = "queued"
    REPLAYED = "replayed"
    WITHHELD = "withheld"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """
    An event that was refused, with the leave to tell as it was given.

    `reason`, `rejected_at` and `fbtrace_id` are of the latest refusal; the earlier ones stand
    in `acts`. `ended_at` is when a replay came to its end without a refusal.
    """

    key: str
    reason: str
    conversion: Conversion
    rejected_at: datetime
    expires_at: datetime
    fbtrace_id: str | None = None
    session_id: str | None = None
    consent: Consent | None = None
    country: str | None = None
    destination: Destination = Destination.META
    state: LetterState = LetterState.REJECTED
    ended_at: datetime | None = None
    acts: tuple[Act, ...] = ()

    def is_under_way(self, now: datetime) -> bool:
        """Tell whether a replay may still come to its end."""
        if self.state is not LetterState.QUEUED or not self.acts:
            return False
        return now - self.acts[-1].at < REPLAY_IS_UNDER_WAY_FOR

    def waits_for_a_person(self, now: datetime) -> bool:
        """Tell whether it was refused, or a replay of it was never heard of again."""
        is_silent = self.state is LetterState.QUEUED and not self.is_under_way(now)
        return self.state is LetterState.REJECTED or is_silent

    def unqueued(self) -> "DeadLetter":
        """Take back that it is on its way; who asked for it stays on record."""
        return replace(self, state=LetterState.REJECTED)

    def replayed(self, *, by: str, now: datetime) -> "DeadLetter | Unfit":
        """Queue it again, or say why not."""
        unfit = self._closed()
        if unfit is not None:
            return unfit
        if self.state is LetterState.WITHHELD:
            return Unfit.NO_CONSENT
        if is_too_old(self.conversion.event_time, now):
            return Unfit.TOO_OLD
        if lacks(self.conversion) is not None:
            return Unfit.INCOMPLETE
        if self.is_under_way(now):
            return Unfit.ALREADY_QUEUED
        return replace(
            self, state=LetterState.QUEUED, acts=(*self.acts, self._act(Deed.REPLAYED, by, now))
        )

    def dropped(self, *, by: str, now: datetime) -> "DeadLetter | Unfit":
        """Forget the person and keep what happened, or say why not."""
        unfit = self._closed()
        if unfit is not None:
            return unfit
        if self.is_under_way(now):
            return Unfit.ALREADY_QUEUED
        return replace(
            self,
            state=LetterState.DROPPED,
            ended_at=now,
            conversion=self.conversion.without_personal(),
            session_id=None,
            consent=None,
            country=None,
            acts=(*self.acts, self._act(Deed.DROPPED, by, now)),
        )

    def _closed(self) -> Unfit | None:
        match self.state:
            case LetterState.REPLAYED:
                return Unfit.ALREADY_ACCEPTED
            case LetterState.DROPPED:
                return Unfit.ALREADY_DROPPED
            case LetterState.REJECTED | LetterState.QUEUED | LetterState.WITHHELD:
                return None
            case _:
                assert_never(self.state)

    def _act(self, deed: Deed, by: str, now: datetime) -> Act:
        return Act(deed, by, now, self.reason)

    def as_task(self) -> EventsTask:
        """Say it to `dispatch` as `collect` did, and whose letter to answer."""
        return EventsTask(
            session_id=self.session_id,
            consent=self.consent,
            country=self.country,
            conversions=(self.conversion,),
            destination=self.destination,
            letter=self.key,
            replay=len(self.acts),
        )
