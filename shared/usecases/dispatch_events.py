"""Hand a batch of events over; a poisoned one costs only itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain import task_names
from shared.domain.conversions import Conversion, EventsTask
from shared.domain.dead_letters import DeadLetter, LetterState
from shared.domain.events import is_too_old
from shared.domain.meta_words import lacks
from shared.domain.outcomes import Accepted, Because, Deferred, Rejected
from shared.domain.policies import Expired, Policies
from shared.usecases.ports import (
    DeadLetters,
    Gateway,
    Gateways,
    NewTask,
    Queue,
    QueueUnavailableError,
    Sessions,
    StoreUnavailableError,
    Tasks,
)

DEAD_LETTER_KEPT_FOR = timedelta(days=30)


@dataclass(slots=True)
class DispatchedEvents:
    """
    How many events of a task ended how; `deferred` when the task has to come back.

    `unanswered` where the dead letter that it replays could not be told what came of it.
    """

    task: EventsTask
    accepted: int = 0
    withheld: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    requeued: int = 0
    deferred: Deferred | None = None
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class DispatchEvents:
    """Ports and policies of `dispatch` for browser events."""

    sessions: Sessions
    dead_letters: DeadLetters
    tasks: Tasks
    gateways: Gateways
    policies: Policies
    clock: Callable[[], datetime]

    def __call__(self, task: EventsTask) -> DispatchedEvents:
        """Raise StoreUnavailableError where the store is away; nothing was sent then."""
        told = DispatchedEvents(task)
        if not self._may_be_told(task):
            told.withheld = len(task.conversions)
            self._answer(task.letter, LetterState.WITHHELD)
            return told
        sendable: list[Conversion] = []
        for conversion in task.conversions:
            reason = self._unfit(conversion)
            if reason is None:
                sendable.append(conversion)
            else:
                self._bury(conversion, reason, None, told)
        unsent = self._send(self.gateways[task.destination], sendable, told)
        if unsent:
            self._come_back(task, unsent, told)
        if told.accepted:
            try:
                self._answer(task.letter, LetterState.REPLAYED)
            except StoreUnavailableError:
                # Coming back would tell twice; the letter goes on saying that it was queued.
                told.unanswered = True
        return told

    def _answer(self, letter: str | None, state: LetterState) -> None:
        """Write on the dead letter what its replay came to; a refusal is kept by `_bury`."""
        if letter is not None:
            self.dead_letters.end(letter, state, now=self.clock())

    def _may_be_told(self, task: EventsTask) -> bool:
        """Ask what the visitor says now; a session that withdrew since stops what is queued."""
        found = self.sessions.find([task.session_id]) if task.session_id else {}
        session = found.get(task.session_id or "")
        if session is not None and session.withdrawn_at is not None:
            return False
        current = session.visit.consent if session is not None else task.consent
        rule = self.policies.consent
        return all(rule.may_tell(consent, task.country) for consent in (task.consent, current))

    def _unfit(self, conversion: Conversion) -> str | None:
        if is_too_old(conversion.event_time, self.clock()):
            return Expired.TOO_OLD
        return lacks(conversion)

    def _send(
        self, gateway: Gateway, batch: Sequence[Conversion], told: DispatchedEvents
    ) -> Sequence[Conversion]:
        """
        Send; halve a refused batch until the poisoned event stands alone.

        Meta processes nothing of a batch that it refuses, so the halves are sent for the
        first time. Return what was not handed over because it was deferred.
        """
        if not batch:
            return ()
        outcome = gateway.send(batch)
        match outcome:
            case Accepted():
                told.accepted += len(batch)
                return ()
            case Deferred():
                told.deferred = outcome
                return batch
            case Rejected():
                return self._halve(gateway, batch, outcome, told)

    def _halve(
        self,
        gateway: Gateway,
        batch: Sequence[Conversion],
        rejected: Rejected,
        told: DispatchedEvents,
    ) -> Sequence[Conversion]:
        if len(batch) == 1:
            try:
                self._bury(batch[0], rejected.reason, rejected.fbtrace_id, told)
            except StoreUnavailableError:
                # Others of the batch are through by now; this one alone comes back.
                told.deferred = Deferred(Because.STORE_AWAY)
                return batch
            return ()
        middle = len(batch) // 2
        left = self._send(gateway, batch[:middle], told)
        if told.deferred is not None:
            return [*left, *batch[middle:]]
        return self._send(gateway, batch[middle:], told)

    def _bury(
        self, conversion: Conversion, reason: str, trace: str | None, told: DispatchedEvents
    ) -> None:
        now, task = self.clock(), told.task
        self.dead_letters.keep(
            DeadLetter(
                key=task.letter
                or task_names.of_dead_letter(
                    task.session_id, conversion.event_name, conversion.event_id
                ),
                reason=reason,
                conversion=conversion,
                rejected_at=now,
                expires_at=now + DEAD_LETTER_KEPT_FOR,
                fbtrace_id=trace,
                session_id=task.session_id,
                consent=task.consent,
                country=task.country,
                destination=task.destination,
            )
        )
        told.rejected[reason] = told.rejected.get(reason, 0) + 1

    def _come_back(
        self, task: EventsTask, unsent: Sequence[Conversion], told: DispatchedEvents
    ) -> None:
        """
        Let the same task come back, unless part of it is through already.

        Then the rest gets a task of its own, because the whole task again would tell the
        accepted part twice.
        """
        if len(unsent) == len(task.conversions):
            return
        rest = EventsTask(
            session_id=task.session_id,
            consent=task.consent,
            country=task.country,
            conversions=tuple(unsent),
            destination=task.destination,
        )
        name = task_names.of_events(task.session_id, [(c.event_name, c.event_id) for c in unsent])
        try:
            self.tasks.create(NewTask(Queue.EVENTS, f"{name}-{len(unsent)}", rest))
        except QueueUnavailableError:
            told.deferred = Deferred(Because.QUEUE_AWAY)
            return
        told.requeued = len(unsent)
        told.deferred = None
