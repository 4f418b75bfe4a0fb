"""What the functions keep, watched: who looks on hears of every write at the moment of it."""

from collections.abc import Callable
from datetime import datetime

from shared.domain.destinations import Standing
from shared.domain.purchases import Purchase
from tests.fakes import FakeDestinations, FakeLedger


class WatchedLedger(FakeLedger):
    """
    A ledger that says when somebody has to look at a purchase again.

    It also knows when it heard of each of Stripe's events, and whose each sale was when somebody
    claimed it to tell of it.
    """

    def __init__(self, looked_at: Callable[[Purchase], None], clock: Callable[[], datetime]):
        super().__init__()
        self._looked_at, self._clock = looked_at, clock
        self.heard_at: dict[str, datetime] = {}
        self.claimed_for: dict[str, str | None] = {}

    def record(self, receipt, purchase, aliases):
        recorded = super().record(receipt, purchase, aliases)
        if purchase is not None:
            self._looked_at(purchase)
        self.heard_at.setdefault(receipt.stripe_event_id, self._clock())
        return recorded

    def add(self, purchase):
        self._looked_at(purchase)
        return super().add(purchase)

    def replace(self, entry, purchase):
        self._looked_at(purchase)
        replaced = super().replace(entry, purchase)
        if replaced and _attempts(purchase) > _attempts(entry.purchase):
            self.claimed_for[purchase.sale_key] = purchase.session_id
        return replaced


def _attempts(purchase: Purchase) -> int:
    return sum(delivery.attempts for delivery in purchase.deliveries.values())


class WatchedDestinations(FakeDestinations):
    """Destinations that say when one was paused, and when it resumed."""

    def __init__(self, turned: Callable[[Standing], None], clock: Callable[[], datetime]):
        super().__init__()
        self._turned, self._clock = turned, clock
        self.written_at: datetime | None = None

    def replace(self, destination, seen, standing):
        replaced = super().replace(destination, seen, standing)
        if replaced:
            self.written_at = self._clock()
        if replaced and standing.state is not seen.standing.state:
            self._turned(standing)
        return replaced


class KnownAndCursors:
    """Ports: Known and Cursors."""

    def __init__(self, ledger: FakeLedger):
        self._ledger = ledger
        self._cursors: dict[str, dict] = {}

    def recorded(self, stripe_event_ids):
        return self._ledger.receipts.keys() & set(stripe_event_ids)

    def unsettled(self):
        known = self._ledger.known.values()
        return [alias.stripe_id for alias in known if alias.unpaid_at and not alias.ended]

    def load(self, name):
        return self._cursors.get(name)

    def save(self, name, cursor):
        self._cursors[name] = dict(cursor)
