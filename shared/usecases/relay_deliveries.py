"""Relay: queue again what is owed and not queued, or was queued and never heard of since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.conversions import Destination
from shared.domain.purchases import Purchase
from shared.usecases.ports.destinations import Destinations, SeenStanding
from shared.usecases.ports.ledger import Ledger
from shared.usecases.refresh_purchase import RefreshPurchase, Standings, is_due_again

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Relayed:
    """
    Counts of one run; `left` purchases could not be queued and wait for the next.

    `parked` wait for a destination that is paused. `oldest_owed_for` is the age of the oldest
    debt that could have been paid by now, whatever state its task is in; zero if there is none.
    `seen` is how the destinations stood when it began.
    """

    found: int = 0
    queued: int = 0
    parked: int = 0
    left: int = 0
    oldest_owed_for: timedelta = timedelta(0)
    seen: Mapping[Destination, SeenStanding] = field(default_factory=dict)

    def then(self, later: "Relayed") -> "Relayed":
        """Count a second run of the same minute with this one."""
        found, queued = self.found + later.found, self.queued + later.queued
        return replace(later, found=found, queued=queued)


@dataclass(frozen=True, slots=True)
class RelayDeliveries:
    """
    Ports of `reconcile POST /relay`. Safe to run twice at once: names stop repeats.

    What is due also comes here to be forgotten: a closed purchase loses what is personal.
    """

    ledger: Ledger
    refresh: RefreshPurchase
    destinations: Destinations

    def __call__(self, *, now: datetime) -> Relayed:
        """Raise StoreUnavailableError where the store is away."""
        seen = {each: self.destinations.find(each) for each in Destination}
        standings = {each: found.standing for each, found in seen.items()}
        relayed = self._relay(self._found(standings, now), standings, now)
        return replace(relayed, oldest_owed_for=self._oldest(now), seen=seen)

    def _found(self, standings: Standings, now: datetime) -> Sequence[str]:
        """Name what is due and, for a while after a pause, what waited for its end."""
        due = [purchase.sale_key for purchase in self.ledger.due(now, limit=_AT_ONCE)]
        if not any(standing.resumed_lately(now) for standing in standings.values()):
            return due
        owed = self.ledger.owed(now, limit=_AT_ONCE)
        waited = [each.sale_key for each in owed if _waited(each, standings, now)]
        return list(dict.fromkeys([*waited, *due]))

    def _relay(self, found: Sequence[str], standings: Standings, now: datetime) -> Relayed:
        queued = parked = 0
        for position, sale_key in enumerate(found):
            refreshed = self.refresh(sale_key, now=now, standings=standings)
            if refreshed is None:
                continue
            if refreshed.queue_is_away:
                # It is away for all of them; what is left stays due.
                return Relayed(len(found), queued, parked, left=len(found) - position)
            queued += bool(refreshed.queued)
            parked += bool(refreshed.parked)
        return Relayed(len(found), queued, parked)

    def _oldest(self, now: datetime) -> timedelta:
        began = [purchase.owed_since for purchase in self.ledger.owed(now, limit=1)]
        return max((now - at for at in began if at is not None), default=timedelta(0))


def _waited(purchase: Purchase, standings: Standings, now: datetime) -> bool:
    return any(
        is_due_again(delivery, standings.get(destination), now)
        for destination, delivery in purchase.deliveries.items()
    )
