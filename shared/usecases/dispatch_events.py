"""
Hand events over; a poisoned one costs only itself.

Events live in the queue and nowhere else. So while their destination is paused or throttled they
stay there, by 503 and the queue's back-off (`retry_plan.EVENTS` lasts for the 7 days in which
Meta takes them), and what the last attempt leaves becomes a dead letter before the queue forgets
it. Purchases do otherwise: their memory is the ledger.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.conversions import Conversion, Destination, EventsGroup, EventsTask
from shared.domain.dead_letters import LetterState
from shared.domain.deliveries import UNEXPLAINED_AT_MOST
from shared.domain.events import is_too_old
from shared.domain.meta_words import lacks
from shared.domain.outcomes import Because, Deferred, Outcome
from shared.domain.policies import Expired, Policies
from shared.domain.sessions import Session
from shared.domain.shedding import PAGE_VIEWS, split
from shared.usecases.heed_destination import HeedDestination, Leave
from shared.usecases.keep_events import DispatchedEvents, Item, KeepEvents
from shared.usecases.ports.destinations import Gateways
from shared.usecases.ports.errors import StoreUnavailableError
from shared.usecases.ports.sessions import Sessions
from shared.usecases.send_batch import Sent, send_batch


@dataclass(frozen=True, slots=True)
class DispatchEvents:
    """Ports and policies of `dispatch` for browser events; `shed` names what is dropped first."""

    sessions: Sessions
    keep: KeepEvents
    gateways: Gateways
    heed: HeedDestination
    policies: Policies
    clock: Callable[[], datetime]
    shed: frozenset[str] = PAGE_VIEWS

    def __call__(
        self, work: EventsTask | EventsGroup, *, is_last: bool = False
    ) -> DispatchedEvents:
        """
        Raise StoreUnavailableError where the store is away; nothing was sent then.

        After `is_last` the queue forgets the task, so what is left of it is buried.
        """
        told = DispatchedEvents()
        batches = self._leave_of(work, told)
        sent = self._send(work.destination, self._fit(batches, told), told)
        unsent = [*self._settle(sent, told), *sent.unsent]
        if unsent and is_last:
            self.keep.give_up(unsent, told)
        elif unsent:
            self.keep.come_back(unsent, told)
        if told.accepted:
            self._answer_replay(batches, told)
        return told

    def _leave_of(self, work: EventsTask | EventsGroup, told: DispatchedEvents) -> list[EventsTask]:
        """Ask what each visitor says now; who withdrew since stops what is queued of him."""
        ids = [batch.session_id for batch in work.batches if batch.session_id]
        found = self.sessions.find(list(dict.fromkeys(ids))) if ids else {}
        may_be_told = []
        for batch in work.batches:
            if self._may_be_told(batch, found.get(batch.session_id or "")):
                may_be_told.append(batch)
                continue
            told.withheld += len(batch.conversions)
            if batch.letter is not None:
                self.keep.dead_letters.end(batch.letter, LetterState.WITHHELD, now=self.clock())
        return may_be_told

    def _may_be_told(self, batch: EventsTask, session: Session | None) -> bool:
        if session is not None and session.withdrawn_at is not None:
            return False
        current = session.visit.consent if session is not None else batch.consent
        rule = self.policies.consent
        return all(rule.may_tell(consent, batch.country) for consent in (batch.consent, current))

    def _fit(self, batches: Sequence[EventsTask], told: DispatchedEvents) -> list[Item]:
        """Bury what could only be refused, before it costs its company."""
        sendable = []
        for item in [Item(each, batch) for batch in batches for each in batch.conversions]:
            reason = self._unfit(item.conversion)
            if reason is None:
                sendable.append(item)
            else:
                self.keep.bury(item, reason, None, told)
        return sendable

    def _unfit(self, conversion: Conversion) -> str | None:
        if is_too_old(conversion.event_time, self.clock()):
            return Expired.TOO_OLD
        return lacks(conversion)

    def _send(
        self, destination: Destination, sendable: list[Item], told: DispatchedEvents
    ) -> Sent[Item]:
        """Send what may be sent now; while the destination's rate is used up, shed and wait."""
        now = self.clock()
        leave = self.heed.leave_for_events(destination, now) if sendable else Leave()
        told.resumed, held = leave.has_resumed, leave.held
        if held is None:
            asked = max((item.batch.unexplained for item in sendable), default=0)
            gives_up = asked + 1 >= UNEXPLAINED_AT_MOST
            return send_batch(self._door(destination, told), sendable, gives_up=gives_up)
        # What a person replays is wanted, whatever its name.
        is_replay = any(item.batch.letter is not None for item in sendable)
        if not is_replay and self.heed.standing(destination, now).is_exhausted(now):
            sendable, shed = split(sendable, self.shed)
            told.shed = len(shed)
        return Sent(unsent=sendable, deferred=held if sendable else None)

    def _door(
        self, destination: Destination, told: DispatchedEvents
    ) -> Callable[[Sequence[Item]], Outcome]:
        gateway = self.gateways[destination]

        def send(batch: Sequence[Item]) -> Outcome:
            began_at = self.clock()
            outcome = gateway.send([item.conversion for item in batch])
            paused = self.heed.heed(destination, outcome, began_at=began_at, now=self.clock())
            told.paused = paused or told.paused
            return outcome

        return send

    def _settle(self, sent: Sent[Item], told: DispatchedEvents) -> list[Item]:
        """Bury what was refused; what could not be buried comes back, alone."""
        told.accepted, told.deferred = sent.accepted, sent.deferred
        unburied = []
        for item, rejected in sent.rejected:
            try:
                self.keep.bury(item, rejected.reason, rejected.fbtrace_id, told)
            except StoreUnavailableError:
                # Others of the batch are through by now.
                unburied.append(item)
                told.deferred = Deferred(Because.STORE_AWAY)
        return unburied

    def _answer_replay(self, batches: Sequence[EventsTask], told: DispatchedEvents) -> None:
        """Write on the dead letter what its replay came to; a refusal is kept as a new one."""
        for letter in [batch.letter for batch in batches if batch.letter is not None]:
            try:
                self.keep.dead_letters.end(letter, LetterState.REPLAYED, now=self.clock())
            except StoreUnavailableError:
                # Coming back would tell twice; the letter goes on saying that it was queued.
                told.unanswered = True
