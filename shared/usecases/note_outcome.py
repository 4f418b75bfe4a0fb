"""Note what came of an attempt in the ledger, on top of whatever else changed meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.conversions import Destination
from shared.domain.deliveries import UNEXPLAINED_AT_MOST, Delivery, State
from shared.domain.outcomes import Accepted, Because, Deferred, Outcome, Rejected
from shared.domain.purchases import Purchase
from shared.usecases.ports.errors import StoreUnavailableError
from shared.usecases.ports.ledger import Ledger

# What a destination said is written down even if the store is away for a moment, or others
# write to the same purchase (a refund, a release): forgetting it would mean telling twice.
_WAITS = tuple(timedelta(milliseconds=ms) for ms in (50, 200, 500, 1_000, 2_000))


@dataclass(frozen=True, slots=True)
class Noted:
    """
    The purchase as it stands now; None where it is gone.

    `outcome` is what stands in the ledger, None where the delivery had been closed before.
    """

    outcome: Outcome | None
    purchase: Purchase | None


@dataclass(frozen=True, slots=True)
class NoteOutcome:
    """The ledger, and the patience to reach it."""

    ledger: Ledger
    clock: Callable[[], datetime]
    rest: Callable[[timedelta], None]

    def __call__(self, outcome: Outcome, claimed: Purchase, destination: Destination) -> Noted:
        for wait in _WAITS:
            try:
                noted = self._try(outcome, claimed, destination)
            except StoreUnavailableError:
                noted = None
            if noted is not None:
                return noted
            self.rest(wait)
        # The mark of the attempt stays: the next look will count this one as ambiguous.
        return Noted(Deferred(Because.STORE_AWAY), claimed)

    def _try(self, outcome: Outcome, claimed: Purchase, destination: Destination) -> Noted | None:
        now = self.clock()
        entry = self.ledger.find(claimed.sale_key)
        if entry is None:
            return Noted(None, None)
        delivery = entry.purchase.deliveries[destination]
        if not delivery.is_open:
            # An earlier try was stored although its answer was lost.
            is_accepted = delivery.state is State.ACCEPTED
            known = Accepted(delivery.fbtrace_id) if is_accepted else None
            return Noted(known, entry.purchase)
        final = _final(outcome, delivery)
        ended = _ended(delivery, final, now)
        noted = entry.purchase.with_delivery(destination, ended, now)
        purchase = _with_refund_told_soon(noted, ended, now)
        return Noted(final, purchase) if self.ledger.replace(entry, purchase) else None


def _with_refund_told_soon(purchase: Purchase, ended: Delivery, now: datetime) -> Purchase:
    """
    Have the relay look at a sale of which something came back before it was told.

    Whoever notes the acceptance tells of it at once, unless it ends here.
    """
    is_owed = purchase.refunded_minor > 0 and purchase.refund_queued_at is None
    if ended.state is not State.ACCEPTED or not is_owed:
        return purchase
    return replace(purchase, relay_at=now)


def _final(outcome: Outcome, delivery: Delivery) -> Outcome:
    """Give an answer that nobody can explain up after a few times; a person has to look."""
    match outcome:
        case Deferred(because=Because.UNEXPLAINED, detail=detail):
            is_hopeless = delivery.unexplained + 1 >= UNEXPLAINED_AT_MOST
            return Rejected(detail) if is_hopeless else outcome
        case _:
            return outcome


def _ended(delivery: Delivery, outcome: Outcome, now: datetime) -> Delivery:
    match outcome:
        case Accepted() | Rejected():
            return delivery.closed_by(outcome, now)
        case Deferred():
            return delivery.deferred(outcome, now)
