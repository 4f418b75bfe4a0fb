"""Attempt one delivery: judge it again, claim it, send it, write down what came of it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from shared.domain.conversions import PurchaseTask
from shared.domain.deliveries import REOPENED, Delivery, State, reason_of
from shared.domain.meta_words import lacks
from shared.domain.outcomes import Because, Deferred, Outcome, Rejected
from shared.domain.policies import Policies, event_name_of
from shared.domain.purchases import Purchase, as_conversion
from shared.domain.refund_events import owed_refund_event
from shared.domain.retry_plan import PURCHASES
from shared.usecases.ask_stripe import ask_stripe
from shared.usecases.heed_destination import HeedDestination
from shared.usecases.note_outcome import NoteOutcome
from shared.usecases.ports.destinations import Gateways
from shared.usecases.ports.errors import StoreUnavailableError, StripeUnavailableError
from shared.usecases.ports.ledger import Entry, Ledger
from shared.usecases.ports.stripe import StripeBooks
from shared.usecases.refresh_purchase import RefreshPurchase

Clock = Callable[[], datetime]
_READS = 4


class Closed(StrEnum):
    """Why nothing was attempted, for good; the task may go."""

    NO_SUCH_PURCHASE = "no_such_purchase"
    ALREADY = "already_closed"
    WITHHELD = "withheld"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Dispatched:
    """
    What came of a task, and of which purchase.

    `paused` says why, where this very attempt paused the destination; `resumed` that this task
    asked, and ended a pause.
    """

    outcome: Outcome | Closed
    sale_key: str
    event_id: str | None = None
    reason: str | None = None
    attempt: int = 0
    ambiguous: int = 0
    paused: str | None = None
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class DispatchPurchase:
    """Ports and policies of `dispatch` for purchases."""

    ledger: Ledger
    refresh: RefreshPurchase
    books: StripeBooks
    gateways: Gateways
    heed: HeedDestination
    note: NoteOutcome
    policies: Policies
    clock: Clock

    def __call__(self, task: PurchaseTask, *, is_last: bool = False) -> Dispatched:
        """
        Raise StoreUnavailableError where the ledger is away; every other end is a value.

        Somebody may write to the purchase between our reading and our claim (mostly the
        webhook, noting that this very task exists); then it is read again. After `is_last` the
        queue forgets the task, so what is still owed goes back to the ledger.
        """
        told = None
        for _ in range(_READS):
            told = self._try(task, self.clock())
            if told is not None:
                break
        told = told or Dispatched(Deferred(Because.IN_PROGRESS), task.sale_key)
        if is_last and isinstance(told.outcome, Deferred):
            self._hand_back(task, told.outcome)
        return told

    def _hand_back(self, task: PurchaseTask, deferred: Deferred) -> None:
        """Have the relay make a new task soon; without this it does so after two hours."""
        now = self.clock()
        try:
            entry = self.ledger.find(task.sale_key)
            if entry is None:
                return
            delivery = entry.purchase.deliveries[task.destination]
            if delivery.is_open and not delivery.is_being_attempted(now):
                parked = delivery.parked(reason_of(deferred), now + PURCHASES.max_backoff)
                self.ledger.replace(
                    entry, entry.purchase.with_delivery(task.destination, parked, now)
                )
        except StoreUnavailableError:
            return

    def _try(self, task: PurchaseTask, now: datetime) -> Dispatched | None:
        """Decide on what is known now; None if the ledger changed before we could act on it."""
        entry = self.ledger.find(task.sale_key)
        was = entry and entry.purchase.deliveries.get(task.destination)
        if entry is None or not isinstance(was, Delivery):
            return Dispatched(Closed.NO_SUCH_PURCHASE, task.sale_key)
        if entry.purchase.asks_though_withheld(was):
            return self._learn(entry, task, now)
        if not was.is_open and was.state not in REOPENED:
            return _told(Closed.ALREADY, entry.purchase, was)
        if was.is_being_attempted(now):
            return _told(Deferred(Because.IN_PROGRESS), entry.purchase, was)
        purchase = self.refresh.current(entry, now)
        delivery = purchase.deliveries[task.destination]
        if not (was.is_open or delivery.is_open):
            # Its task may outrun the note that it is open again; so that was looked at anew.
            return _told(Closed.ALREADY, entry.purchase, was)
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
                away = Deferred(Because.STRIPE_AWAY, str(error))
                return self._waits(entry, purchase, task, away, now)
        return self._act(entry, purchase, task, now)

    def _learn(self, entry: Entry, task: PurchaseTask, now: datetime) -> Dispatched | None:
        """Ask what the ledger lacks of a purchase that was withheld without it."""
        try:
            purchase = self._asked(self.refresh.current(entry, now), entry, now)
        except StripeUnavailableError as error:
            away = Deferred(Because.STRIPE_AWAY, str(error))
            return self._waits(entry, entry.purchase, task, away, now)
        delivery = purchase.deliveries[task.destination]
        if not self.ledger.replace(entry, purchase) or delivery.is_open:
            return None
        return _told(Closed.WITHHELD, purchase, delivery)

    def _asked(self, purchase: Purchase, entry: Entry, now: datetime) -> Purchase:
        """Ask Stripe what no event could tell, and judge by the answers."""
        answered = ask_stripe(purchase, self.books.of(purchase.account))
        if answered == purchase:
            return purchase
        return self.refresh.current(Entry(answered, entry.version), now)

    def _act(
        self, entry: Entry, purchase: Purchase, task: PurchaseTask, now: datetime
    ) -> Dispatched | None:
        delivery = purchase.deliveries[task.destination]
        name = delivery.event_name or event_name_of(purchase, self.policies)
        if delivery.is_open and name is not None:
            missing = lacks(as_conversion(purchase, name))
            if missing is None:
                leave = self.heed.leave(task.destination, now)
                if leave.held is not None:
                    return self._waits(entry, purchase, task, leave.held, now)
                told = self._attempt(entry, purchase, task, name, now)
                return replace(told, resumed=leave.has_resumed) if told else None
            delivery = delivery.closed_by(Rejected(missing), now)
        closed = purchase.with_delivery(task.destination, delivery, now)
        if not self.ledger.replace(entry, closed):
            return None
        return _told(_CLOSED[delivery.state](delivery), closed, delivery)

    def _waits(
        self,
        entry: Entry,
        purchase: Purchase,
        task: PurchaseTask,
        deferred: Deferred,
        now: datetime,
    ) -> Dispatched:
        """Let the task come back; the ledger learns now and then that it is alive."""
        delivery = purchase.deliveries[task.destination]
        alive = delivery.shows_life(now)
        if alive != delivery:
            # A sign that gets lost in somebody else's write is given again the next time.
            self.ledger.replace(entry, purchase.with_delivery(task.destination, alive, now))
        return _told(deferred, purchase, delivery)

    def _attempt(
        self, entry: Entry, purchase: Purchase, task: PurchaseTask, name: str, now: datetime
    ) -> Dispatched | None:
        """Claim before sending: of two tasks at once, one sends and the other comes back."""
        attempted = purchase.deliveries[task.destination].attempted(name, now)
        claimed = purchase.with_delivery(task.destination, attempted, now)
        if not self.ledger.replace(entry, claimed):
            return None
        outcome = self.gateways[task.destination].send([as_conversion(claimed, name)])
        noted = self.note(outcome, claimed, task.destination)
        paused = self.heed.heed(task.destination, outcome, began_at=now, now=self.clock())
        if noted.purchase is None:
            return Dispatched(Closed.NO_SUCH_PURCHASE, task.sale_key)
        if owed_refund_event(noted.purchase, self.policies) is not None:
            self._tell_of_refund(task)
        delivery = noted.purchase.deliveries[task.destination]
        told = _told(noted.outcome or Closed.ALREADY, noted.purchase, delivery)
        return replace(told, paused=paused)

    def _tell_of_refund(self, task: PurchaseTask) -> None:
        """Of a sale that was returned in part before it was told, tell that as well."""
        with suppress(StoreUnavailableError):
            self.refresh(task.sale_key, now=self.clock())


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
