"""Replay: queue again what was refused, once for each refusal, however often it is asked for."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from shared.domain import task_names
from shared.domain.audit import Unfit
from shared.domain.conversions import Destination
from shared.domain.dead_letters import DeadLetter
from shared.domain.rejected_deliveries import RejectedDelivery
from shared.usecases.find_dead_letters import KeptLetters, Kind, judged, kind_of
from shared.usecases.ports.errors import QueueUnavailableError, StoreUnavailableError
from shared.usecases.ports.ledger import Ledger
from shared.usecases.ports.tasks import NewTask, Queue, Tasks
from shared.usecases.refresh_purchase import queued

# So often a task that was made is noted; what is not noted is found by its name.
_TRIES = 5


class Replayed(StrEnum):
    """What a replay came to; OWED where the queue is away, and `relay` will find the debt."""

    QUEUED = "queued"
    OWED = "owed"


@dataclass(frozen=True, slots=True)
class ReplayDeadLetters:
    """Ports of `settled dead-letters replay`."""

    letters: KeptLetters
    ledger: Ledger
    tasks: Tasks
    destination: Destination = Destination.META

    def __call__(
        self, key: str, *, by: str, now: datetime, dry_run: bool = False
    ) -> Replayed | Unfit:
        """
        Have one refusal answered by one task; with `dry_run` only say what would come of it.

        Who asked is written down before the task is made, so that no replay goes without its
        audit; whoever asks again after a crash between the two makes the task that is missing.
        Raise StoreUnavailableError, or for an event QueueUnavailableError; ask again then.
        """
        attempt = self._letter if kind_of(key) is Kind.EVENT else self._purchase
        return judged(partial(attempt, key, by, now, dry_run))

    def _letter(self, key: str, by: str, now: datetime, dry_run: bool) -> Replayed | Unfit | None:
        entry = self.letters.find(key)
        if entry is None or now >= entry.letter.expires_at:
            return Unfit.NO_SUCH_LETTER
        decided = entry.letter.replayed(by=by, now=now)
        if isinstance(decided, Unfit):
            if decided is Unfit.ALREADY_QUEUED and not dry_run:
                self.tasks.create(_task(entry.letter))
            return decided
        if not dry_run:
            if not self.letters.replace(entry, decided):
                return None
            try:
                self.tasks.create(_task(decided))
            except QueueUnavailableError:
                self._unqueue(decided)
                raise
        return Replayed.QUEUED

    def _unqueue(self, letter: DeadLetter) -> None:
        """List it again. If there is a task after all, its name stops another one."""
        with suppress(StoreUnavailableError):
            entry = self.letters.find(letter.key)
            if entry is not None and entry.letter == letter:
                self.letters.replace(entry, letter.unqueued())

    def _purchase(self, key: str, by: str, now: datetime, dry_run: bool) -> Replayed | Unfit | None:
        entry = self.ledger.find(key)
        if entry is None or self.destination not in entry.purchase.deliveries:
            return Unfit.NO_SUCH_LETTER
        decided = RejectedDelivery(entry.purchase, self.destination).repaired(by=by, now=now)
        if isinstance(decided, Unfit):
            if decided is Unfit.ALREADY_QUEUED and not dry_run:
                self._queue(key, now)
            return decided
        if dry_run:
            return Replayed.QUEUED
        return self._queue(key, now) if self.ledger.replace(entry, decided) else None

    def _queue(self, sale_key: str, now: datetime) -> Replayed:
        """
        Make the task that is due, as `relay` would; it is `dispatch` that judges the purchase.

        The shop's settings are not known here, and a purchase must not be judged by others.
        """
        for _ in range(_TRIES):
            entry = self.ledger.find(sale_key)
            if entry is None:
                break
            made = queued(self.tasks, entry.purchase, now)
            if made.queue_is_away:
                return Replayed.OWED
            if not made.queued or self.ledger.replace(entry, made.purchase):
                break
        return Replayed.QUEUED


def _task(letter: DeadLetter) -> NewTask:
    return NewTask(
        queue=Queue.EVENTS,
        name=task_names.of_replay(letter.key, letter.rejected_at),
        task=letter.as_task(),
    )
