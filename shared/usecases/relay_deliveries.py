"""Relay: queue again what is owed and not queued, or was queued and never heard of since."""

from dataclasses import dataclass
from datetime import datetime

from shared.usecases.ports import Ledger, QueueUnavailableError, Tasks
from shared.usecases.queue_deliveries import queue_deliveries

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Relayed:
    """Counts of one run; `left` purchases could not be queued and wait for the next."""

    found: int = 0
    queued: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class RelayDeliveries:
    """Ports of `reconcile POST /relay`. Safe to run twice at once: names stop repeats."""

    ledger: Ledger
    tasks: Tasks

    def __call__(self, *, now: datetime) -> Relayed:
        """Raise StoreUnavailableError where the ledger is away, QueueUnavailableError likewise."""
        due = self.ledger.due(now, limit=_AT_ONCE)
        queued = 0
        for position, purchase in enumerate(due):
            try:
                done = queue_deliveries(
                    purchase.sale_key, ledger=self.ledger, tasks=self.tasks, now=now
                )
            except QueueUnavailableError:
                # It is away for all of them; what is left stays due.
                return Relayed(found=len(due), queued=queued, left=len(due) - position)
            queued += 1 if done else 0
        return Relayed(found=len(due), queued=queued)
