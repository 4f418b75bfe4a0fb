"""Relay: queue again what is owed and not queued, or was queued and never heard of since."""

from dataclasses import dataclass
from datetime import datetime

from shared.usecases.ports import Ledger
from shared.usecases.refresh_purchase import RefreshPurchase

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Relayed:
    """Counts of one run; `left` purchases could not be queued and wait for the next."""

    found: int = 0
    queued: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class RelayDeliveries:
    """
    Ports of `reconcile POST /relay`. Safe to run twice at once: names stop repeats.

    What is due also comes here to be forgotten: a closed purchase loses what is personal.
    """

    ledger: Ledger
    refresh: RefreshPurchase

    def __call__(self, *, now: datetime) -> Relayed:
        """Raise StoreUnavailableError where the ledger is away."""
        due = self.ledger.due(now, limit=_AT_ONCE)
        queued = 0
        for position, purchase in enumerate(due):
            refreshed = self.refresh(purchase.sale_key, now=now)
            if refreshed is not None and refreshed.queue_is_away:
                # It is away for all of them; what is left stays due.
                return Relayed(found=len(due), queued=queued, left=len(due) - position)
            queued += 1 if refreshed is not None and refreshed.queued else 0
        return Relayed(found=len(due), queued=queued)
