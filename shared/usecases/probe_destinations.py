"""
Probe all: whether a paused destination lets us in again, and whether a running one still does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.conversions import Destination
from shared.usecases.ports import Destinations, Gateways
from shared.usecases.probe_destination import Probed, ProbeDestination
from shared.usecases.relay_deliveries import RelayDeliveries, Relayed


@dataclass(frozen=True, slots=True)
class ProbeDestinations:
    """Ports of `reconcile POST /probe`. Safe to run twice at once."""

    destinations: Destinations
    gateways: Gateways
    relay: RelayDeliveries
    clock: Callable[[], datetime]

    def __call__(self) -> tuple[list[Probed], Relayed | None]:
        """Relay the debts of what resumed; raise StoreUnavailableError where the store is away."""
        probed = [self._probe(destination) for destination in self.gateways]
        has_resumed = any(each.has_resumed for each in probed)
        return probed, self.relay(now=self.clock()) if has_resumed else None

    def _probe(self, destination: Destination) -> Probed:
        seen = self.destinations.find(destination)
        if not seen.standing.wants_probe(self.clock()):
            return Probed(destination, seen.standing)
        return ProbeDestination(self.destinations, self.gateways, self.clock)(destination, seen)
