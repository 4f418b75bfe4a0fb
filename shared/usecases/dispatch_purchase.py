"""Attempt one delivery: judge it again, claim it, send it, write down what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.conversions import PurchaseTask
from shared.domain.deliveries import Delivery, State
from shared.domain.meta_words import lacks
from shared.domain.outcomes import Accepted, Because, Deferred, Outcome, Rejected
from shared.domain.policies import Policies, event_name_of
from shared.domain.purchases import Purchase, as_conversion
from shared.usecases.ask_stripe import ask_stripe
from shared.usecases.ports import (
    Entry,
    Gateways,
    Ledger,
    StoreUnavailableError,
    StripeBooks,
    StripeUnavailableError,
)
from shared.usecases.refresh_purchase import RefreshPurchase

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

    ledger: Ledger
    refresh: RefreshPurchase
    books: StripeBooks
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
        """Decide on what is known now; None if the ledger changed before we could act on it."""
        entry = self.ledger.find(task.sale_key)
        was = entry and entry.purchase.deliveries.get(task.destination)
        if entry is None or not isinstance(was, Delivery):
            return Dispatched(Closed.NO_SUCH_PURCHASE, task.sale_key)
        if entry.purchase.asks_though_withheld(was):
            return self._learn(entry, task, now)
        if not was.is_open:
            return _told(Closed.ALREADY, entry.purchase, was)
        if was.is_being_attempted(now):
            return _told(Deferred(Because.IN_PROGRESS), entry.purchase, was)
        purchase = self.refresh.current(entry, now)
        delivery = purchase.deliveries[task.destination]
        if delivery.not_before is not None and now < delivery.not_before:
            waiting = Deferred(Because.WAITING_FOR_MATCH, retry_after=delivery.not_before - now)
            return _told(waiting, purchase, delivery)
        if purchase.asks_though_withheld(delivery):
            # Withheld first, whoever asks meanwhile; the next look asks Stripe.
            self.ledger.replace(entry, purchase)
            return None
        if delivery.is_open:
            try:
                purchase = self._asked(purchase, entry, now)
            except StripeUnavailableError as error:
                return _told(Deferred(Because.STRIPE_AWAY, str(error)), purchase, delivery)
        return self._act(entry, purchase, task, now)

    def _learn(self, entry: Entry, task: PurchaseTask, now: datetime) -> Dispatched | None:
        """Ask what the ledger lacks of a purchase that was withheld without it."""
        try:
            purchase = self._asked(self.refresh.current(entry, now), entry, now)
        except StripeUnavailableError as error:
            away = Deferred(Because.STRIPE_AWAY, str(error))
            return _told(away, entry.purchase, entry.purchase.deliveries[task.destination])
        delivery = purchase.deliveries[task.destination]
        if not self.ledger.replace(entry, purchase) or delivery.is_open:
            return None
        return _told(Closed.WITHHELD, purchase, delivery)

    def _asked(self, purchase: Purchase, entry: Entry, now: datetime) -> Purchase:
        """Ask Stripe what no event could tell, and judge by the answers."""
        answered = ask_stripe(purchase, self.books)
        if answered == purchase:
            return purchase
        return self.refresh.current(Entry(answered, entry.version), now)

    def _act(
        self, entry: Entry, purchase: Purchase, task: PurchaseTask, now: datetime
    ) -> Dispatched | None:
        delivery = purchase.deliveries[task.destination]
        name = event_name_of(purchase, self.policies)
        if delivery.is_open and name is not None:
            missing = lacks(as_conversion(purchase, name))
            if missing is None:
                return self._attempt(entry, purchase, task, name, now)
            delivery = delivery.closed_by(Rejected(missing), now)
        closed = purchase.with_delivery(task.destination, delivery, now)
        if not self.ledger.replace(entry, closed):
            return None
        return _told(_CLOSED[delivery.state](delivery), closed, delivery)

    def _attempt(
        self, entry: Entry, purchase: Purchase, task: PurchaseTask, name: str, now: datetime
    ) -> Dispatched | None:
        """Claim before sending: of two tasks at once, one sends and the other comes back."""
        attempted = purchase.deliveries[task.destination].attempted(now)
        claimed = purchase.with_delivery(task.destination, attempted, now)
        if not self.ledger.replace(entry, claimed):
            return None
        outcome = self.gateways[task.destination].send([as_conversion(claimed, name)])
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
