"""
Hand a batch of events over; a poisoned one costs only itself.

Events live in the queue and nowhere else. So while their destination is paused or throttled they
stay there, by 503 and the queue's back-off (`retry_plan.EVENTS` lasts for the 7 days in which
Meta takes them), and what the last attempt leaves becomes a dead letter before the queue forgets
it. Purchases do otherwise: their memory is the ledger.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain import task_names
from shared.domain.conversions import Conversion, Destination, EventsTask
from shared.domain.dead_letters import DeadLetter, LetterState
from shared.domain.deliveries import UNEXPLAINED_AT_MOST, reason_of
from shared.domain.events import is_too_old
from shared.domain.meta_words import lacks
from shared.domain.outcomes import Because, Deferred, Outcome
from shared.domain.policies import Expired, Policies
from shared.domain.shedding import PAGE_VIEWS, split
from shared.usecases.heed_destination import HeedDestination, Leave
from shared.usecases.ports import (
    DeadLetters,
    Gateways,
    NewTask,
    Queue,
    QueueUnavailableError,
    Sessions,
    StoreUnavailableError,
    Tasks,
)
from shared.usecases.send_batch import Sent, send_batch

DEAD_LETTER_KEPT_FOR = timedelta(days=30)
# What nobody can explain is asked again after this, and then each time twice as late.
_ASKED_AGAIN_AFTER = timedelta(seconds=30)


@dataclass(slots=True)
class DispatchedEvents:
    """
    How many events of a task ended how; `deferred` when the task has to come back.

    `shed` were dropped because the destination's rate is used up. `paused` says why, where an
    answer to this task paused the destination; `resumed` that this task asked, and ended a pause.

    `unanswered` where the dead letter that it replays could not be told what came of it.
    """

    task: EventsTask
    accepted: int = 0
    withheld: int = 0
    shed: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    requeued: int = 0
    deferred: Deferred | None = None
    paused: str | None = None
    resumed: bool = False
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class DispatchEvents:
    """Ports and policies of `dispatch` for browser events; `shed` names what is dropped first."""

    sessions: Sessions
    dead_letters: DeadLetters
    tasks: Tasks
    gateways: Gateways
    heed: HeedDestination
    policies: Policies
    clock: Callable[[], datetime]
    shed: frozenset[str] = PAGE_VIEWS

    def __call__(self, task: EventsTask, *, is_last: bool = False) -> DispatchedEvents:
        """
        Raise StoreUnavailableError where the store is away; nothing was sent then.

        After `is_last` the queue forgets the task, so what is left of it is buried.
        """
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
        sent = self._send(task, sendable, told)
        unsent = [*self._settle(sent, told), *sent.unsent]
        if unsent and is_last:
            self._give_up(unsent, told)
        elif unsent:
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

    def _send(self, task: EventsTask, sendable: list[Conversion], told: DispatchedEvents) -> Sent:
        """Send what may be sent now; while the destination's rate is used up, shed and wait."""
        now = self.clock()
        leave = self.heed.leave_for_events(task.destination, now) if sendable else Leave()
        told.resumed, held = leave.has_resumed, leave.held
        if held is None:
            gives_up = task.unexplained + 1 >= UNEXPLAINED_AT_MOST
            return send_batch(self._door(task.destination, told), sendable, gives_up=gives_up)
        # What a person replays is wanted, whatever its name.
        if task.letter is None and self.heed.standing(task.destination, now).is_exhausted(now):
            sendable, shed = split(sendable, self.shed)
            told.shed = len(shed)
        return Sent(unsent=sendable, deferred=held if sendable else None)

    def _door(
        self, destination: Destination, told: DispatchedEvents
    ) -> Callable[[Sequence[Conversion]], Outcome]:
        gateway = self.gateways[destination]

        def send(batch: Sequence[Conversion]) -> Outcome:
            began_at = self.clock()
            outcome = gateway.send(batch)
            paused = self.heed.heed(destination, outcome, began_at=began_at, now=self.clock())
            told.paused = paused or told.paused
            return outcome

        return send

    def _settle(self, sent: Sent, told: DispatchedEvents) -> list[Conversion]:
        """Bury what was refused; what could not be buried comes back, alone."""
        told.accepted, told.deferred = sent.accepted, sent.deferred
        unburied = []
        for conversion, rejected in sent.rejected:
            try:
                self._bury(conversion, rejected.reason, rejected.fbtrace_id, told)
            except StoreUnavailableError:
                # Others of the batch are through by now.
                unburied.append(conversion)
                told.deferred = Deferred(Because.STORE_AWAY)
        return unburied

    def _give_up(self, unsent: Sequence[Conversion], told: DispatchedEvents) -> None:
        """Keep what the queue is about to forget; raise StoreUnavailableError where we cannot."""
        why = reason_of(told.deferred) if told.deferred else Because.BROKEN
        for conversion in unsent:
            self._bury(conversion, f"gave_up:{why}", None, told)
        told.deferred = None

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
        accepted part twice. So does what nobody can explain: its task has to remember how often.
        """
        deferred = told.deferred
        is_unexplained = deferred is not None and deferred.because is Because.UNEXPLAINED
        if len(unsent) == len(task.conversions) and not is_unexplained:
            return
        unexplained = task.unexplained + is_unexplained
        rest = replace(task, conversions=tuple(unsent), unexplained=unexplained)
        name = task_names.of_events(task.session_id, [(c.event_name, c.event_id) for c in unsent])
        wait = deferred.retry_after if deferred else None
        if is_unexplained:
            wait = max(wait or timedelta(0), _ASKED_AGAIN_AFTER * 2**task.unexplained)
        try:
            self.tasks.create(
                NewTask(
                    Queue.EVENTS,
                    f"{name}-{len(unsent)}-{unexplained}",
                    rest,
                    not_before=None if wait is None else self.clock() + wait,
                )
            )
        except QueueUnavailableError:
            told.deferred = Deferred(Because.QUEUE_AWAY)
            return
        told.requeued = len(unsent)
        told.deferred = None
