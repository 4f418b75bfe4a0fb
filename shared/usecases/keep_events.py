"""
Keep what is not through: as a dead letter, or by a task that comes back.

A task comes back whole as long as nothing of it is done. After that its rest gets a task of its
own, because the whole again would tell the accepted part twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain import task_names
from shared.domain.conversions import Conversion, EventsGroup, EventsTask
from shared.domain.dead_letters import DeadLetter
from shared.domain.deliveries import reason_of
from shared.domain.outcomes import Because, Deferred
from shared.usecases.ports.destinations import DeadLetters
from shared.usecases.ports.errors import QueueUnavailableError
from shared.usecases.ports.tasks import NewTask, Queue, Tasks

DEAD_LETTER_KEPT_FOR = timedelta(days=30)
# What nobody can explain is asked again after this, and then each time twice as late.
_ASKED_AGAIN_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Item:
    """One conversion, and the batch that it came with."""

    conversion: Conversion
    batch: EventsTask

    @property
    def event_name(self) -> str:
        return self.conversion.event_name


@dataclass(slots=True)
class DispatchedEvents:
    """
    How many events of a task ended how; `deferred` when the task has to come back.

    `shed` were dropped because the destination's rate is used up. `paused` says why, where an
    answer to this task paused the destination; `resumed` that this task asked, and ended a pause.

    `unanswered` where the dead letter that it replays could not be told what came of it.
    """

    accepted: int = 0
    withheld: int = 0
    shed: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    requeued: int = 0
    deferred: Deferred | None = None
    paused: str | None = None
    resumed: bool = False
    unanswered: bool = False

    @property
    def has_begun(self) -> bool:
        """Tell whether something of the task is done that must not be done twice."""
        return bool(self.accepted or self.shed or self.rejected)


@dataclass(frozen=True, slots=True)
class KeepEvents:
    """Ports of what `dispatch` does with the rest of a task."""

    dead_letters: DeadLetters
    tasks: Tasks
    clock: Callable[[], datetime]

    def bury(self, item: Item, reason: str, trace: str | None, told: DispatchedEvents) -> None:
        """Raise StoreUnavailableError where it could not be kept."""
        now, batch, conversion = self.clock(), item.batch, item.conversion
        self.dead_letters.keep(
            DeadLetter(
                key=batch.letter
                or task_names.of_dead_letter(
                    batch.session_id, conversion.event_name, conversion.event_id
                ),
                reason=reason,
                conversion=conversion,
                rejected_at=now,
                expires_at=now + DEAD_LETTER_KEPT_FOR,
                fbtrace_id=trace,
                session_id=batch.session_id,
                consent=batch.consent,
                country=batch.country,
                destination=batch.destination,
            )
        )
        told.rejected[reason] = told.rejected.get(reason, 0) + 1

    def give_up(self, unsent: Sequence[Item], told: DispatchedEvents) -> None:
        """Keep what the queue is about to forget; raise StoreUnavailableError where we cannot."""
        why = reason_of(told.deferred) if told.deferred else Because.BROKEN
        for item in unsent:
            self.bury(item, f"gave_up:{why}", None, told)
        told.deferred = None

    def come_back(self, unsent: Sequence[Item], told: DispatchedEvents) -> None:
        """
        Let the same task come back, unless part of it is through already.

        What nobody can explain gets another too: its task has to remember how often.
        """
        deferred = told.deferred
        is_unexplained = deferred is not None and deferred.because is Because.UNEXPLAINED
        if not told.has_begun and not is_unexplained:
            return
        rest = _rest_of(unsent, is_unexplained=is_unexplained)
        wait = deferred.retry_after if deferred else None
        if is_unexplained:
            wait = max(wait or timedelta(0), _ASKED_AGAIN_AFTER * 2 ** (_unexplained(rest) - 1))
        not_before = None if wait is None else self.clock() + wait
        try:
            self.tasks.create(NewTask(Queue.EVENTS, _named(rest), rest, not_before))
        except QueueUnavailableError:
            told.deferred = Deferred(Because.QUEUE_AWAY)
            return
        told.requeued = len(unsent)
        told.deferred = None


def _rest_of(unsent: Sequence[Item], *, is_unexplained: bool) -> EventsTask | EventsGroup:
    """Put what is left back into its batches."""
    left: dict[int, list[Item]] = {}
    for item in unsent:
        left.setdefault(id(item.batch), []).append(item)
    batches = tuple(
        replace(
            items[0].batch,
            conversions=tuple(item.conversion for item in items),
            unexplained=items[0].batch.unexplained + is_unexplained,
        )
        for items in left.values()
    )
    return batches[0] if len(batches) == 1 else EventsGroup(batches)


def _unexplained(work: EventsTask | EventsGroup) -> int:
    return max(batch.unexplained for batch in work.batches)


def _named(rest: EventsTask | EventsGroup) -> str:
    """Name it by what is left and how often that was asked, so that a repeat is stopped."""
    names = [
        task_names.of_events(
            batch.session_id, [(each.event_name, each.event_id) for each in batch.conversions]
        )
        for batch in rest.batches
    ]
    name = names[0] if len(names) == 1 else task_names.of_group(names)
    left = sum(len(batch.conversions) for batch in rest.batches)
    return f"{name}-{left}-{_unexplained(rest)}"
