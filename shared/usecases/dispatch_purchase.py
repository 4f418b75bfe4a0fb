"""Attempt one delivery: judge it again, claim it, send it, write down what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.conversions import PurchaseTask
from shared.domain.deliveries import Delivery, State, Withheld
from shared.domain.meta_words import lacks
from shared.domain.outcomes import Accepted, Because, Deferred, Outcome, Rejected
from shared.domain.policies import Expired, Policies, Reportable, judge
from shared.domain.purchases import Purchase, as_conversion
from shared.usecases.ports import Entry, Gateways, Ledger, Sessions, StoreUnavailableError

Clock = Callable[[], datetime]
_READS = 4
# What a destination said is written down even if the store is away for a moment, or others
# write to the same purchase (a refund, a release): forgetting it would mean telling twice.
_WAITS = tuple(timedelta(milliseconds=ms) for ms in (50, 200, 500, 1_000, 2_000))


class Closed(StrEnum):
    """Why nothing was attempted, for good; the task may go."""

    NO_SUCH_PURCHASE = "no_such_purchase"
    ALREADY = "already_closed"
    WITHHELD = "withheld"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What came of a task, and of which purchase."""

    outcome: Outcome | Closed
    sale_key: str
    event_id: str | None = None
    reason: str | None = None
    attempt: int = 0
    ambiguous: int = 0


@dataclass(frozen=True, slots=True)
class DispatchPurchase:
    """Ports and policies of `dispatch` for purchases."""

    sessions: Sessions
    ledger: Ledger
    gateways: Gateways
    policies: Policies
    clock: Clock
    rest: Callable[[timedelta], None]

    def __call__(self, task: PurchaseTask) -> Dispatched:
        """
        Raise StoreUnavailableError where the ledger is away; every other end is a value.

        Somebody may write to the purchase between our reading and our claim (mostly the
        webhook, noting that this very task exists); then it is read again.
        """
        for _ in range(_READS):
            told = self._try(task, self.clock())
            if told is not None:
                return told
        return Dispatched(Deferred(Because.IN_PROGRESS), task.sale_key)

    def _try(self, task: PurchaseTask, now: datetime) -> Dispatched | None:
        """Decide on what the ledger says now; None if it changed before we could act on it."""
        entry = self.ledger.find(task.sale_key)
        if entry is None:
            return Dispatched(Closed.NO_SUCH_PURCHASE, task.sale_key)
        delivery = entry.purchase.deliveries.get(task.destination)
        if delivery is None:
            return Dispatched(Closed.NO_SUCH_PURCHASE, task.sale_key)
        if not delivery.is_open:
            return _told(Closed.ALREADY, entry.purchase, delivery)
        if delivery.is_being_attempted(now):
            return _told(Deferred(Because.IN_PROGRESS), entry.purchase, delivery)
        closed = self._closed_by_judgement(entry.purchase, delivery, now)
        if closed is not None:
            return self._close(entry, task, closed, now)
        return self._attempt(entry, task, delivery, now)

    def _closed_by_judgement(
        self, purchase: Purchase, delivery: Delivery, now: datetime
    ) -> Delivery | None:
        """Ask again, with the session as it is now, whether this may be told."""
        found = self.sessions.find([purchase.session_id]) if purchase.session_id else {}
        session = found.get(purchase.session_id or "")
        verdict = judge(purchase, self.policies, session=session, now=now)
        match verdict:
            case Withheld():
                return delivery.moved_to(State.WITHHELD, verdict)
            case Expired():
                return delivery.moved_to(State.EXPIRED, verdict)
            case Reportable():
                missing = lacks(as_conversion(purchase))
                return delivery.moved_to(State.REJECTED, missing) if missing else None

    def _close(
        self, entry: Entry, task: PurchaseTask, closed: Delivery, now: datetime
    ) -> Dispatched | None:
        purchase = entry.purchase.with_delivery(task.destination, closed, now)
        if not self.ledger.replace(entry, purchase):
            return None
        return _told(_CLOSED[closed.state](closed), purchase, closed)

    def _attempt(
        self, entry: Entry, task: PurchaseTask, delivery: Delivery, now: datetime
    ) -> Dispatched | None:
        """Claim before sending: of two tasks at once, one sends and the other comes back."""
        attempted = delivery.attempted(now)
        claimed = entry.purchase.with_delivery(task.destination, attempted, now)
        if not self.ledger.replace(entry, claimed):
            return None
        outcome = self.gateways[task.destination].send([as_conversion(claimed)])
        return self._write_down(outcome, claimed, task)

    def _write_down(self, outcome: Outcome, claimed: Purchase, task: PurchaseTask) -> Dispatched:
        """Store what came of the attempt, on top of whatever else changed meanwhile."""
        for wait in _WAITS:
            try:
                written = self._try_to_write(outcome, claimed, task)
            except StoreUnavailableError:
                written = None
            if written is not None:
                return written
            self.rest(wait)
        # The mark of the attempt stays: the next one will count this one as ambiguous.
        return _told(Deferred(Because.STORE_AWAY), claimed, claimed.deliveries[task.destination])

    def _try_to_write(
        self, outcome: Outcome, claimed: Purchase, task: PurchaseTask
    ) -> Dispatched | None:
        now = self.clock()
        entry = self.ledger.find(claimed.sale_key)
        if entry is None:
            return Dispatched(Closed.NO_SUCH_PURCHASE, claimed.sale_key)
        delivery = entry.purchase.deliveries[task.destination]
        if not delivery.is_open:
            # An earlier try was stored although its answer was lost.
            return _told(_closed_before(delivery), entry.purchase, delivery)
        ended = _ended(delivery, outcome, now)
        purchase = entry.purchase.with_delivery(task.destination, ended, now)
        stored = self.ledger.replace(entry, purchase)
        return _told(outcome, purchase, ended) if stored else None


def _ended(delivery: Delivery, outcome: Outcome, now: datetime) -> Delivery:
    match outcome:
        case Accepted() | Rejected():
            return delivery.closed_by(outcome, now)
        case Deferred():
            return delivery.deferred(outcome, now)


def _closed_before(delivery: Delivery) -> Outcome | Closed:
    if delivery.state is State.ACCEPTED:
        return Accepted(delivery.fbtrace_id)
    return Closed.ALREADY


_CLOSED: dict[State, Callable[[Delivery], Outcome | Closed]] = {
    State.WITHHELD: lambda _: Closed.WITHHELD,
    State.EXPIRED: lambda _: Closed.EXPIRED,
    State.REJECTED: lambda delivery: Rejected(delivery.reason or "rejected"),
}


def _told(outcome: Outcome | Closed, purchase: Purchase, delivery: Delivery) -> Dispatched:
    return Dispatched(
        outcome=outcome,
        sale_key=purchase.sale_key,
        event_id=purchase.event_id,
        reason=delivery.reason,
        attempt=delivery.attempts,
        ambiguous=delivery.ambiguous,
    )
