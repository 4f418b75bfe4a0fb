"""
Probe all: whether a paused destination lets us in again, and whether a running one still does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.conversions import Destination
from shared.usecases.ports.destinations import Destinations, Gateways, SeenStanding
from shared.usecases.probe_destination import Probed, ProbeDestination
from shared.usecases.relay_deliveries import RelayDeliveries, Relayed


@dataclass(frozen=True, slots=True)
class ProbeDestinations:
    """
    Ports of `reconcile POST /probe`, and of the end of `POST /relay`. Safe to run twice at once.

    What resumed is relayed in the same run. Both raise StoreUnavailableError.
    """

    destinations: Destinations
    gateways: Gateways
    relay: RelayDeliveries
    clock: Callable[[], datetime]

    def __call__(self) -> tuple[list[Probed], Relayed | None]:
        """Say how each destination stands; ask those whose answer could be a new one."""
        return self._then_relayed([self._asked_about(each) for each in self.gateways])

    def when_due(
        self, seen: Mapping[Destination, SeenStanding]
    ) -> tuple[list[Probed], Relayed | None]:
        """Ask those whose turn it is, as they were just seen; where there is none it reads none."""
        now = self.clock()
        due = [(name, each) for name, each in seen.items() if each.standing.is_probe_due(now)]
        return self._then_relayed([self._probe(name, each) for name, each in due])

    def _asked_about(self, destination: Destination) -> Probed:
        seen = self.destinations.find(destination)
        if not seen.standing.wants_probe(self.clock()):
            return Probed(destination, seen.standing)
        return self._probe(destination, seen)

    def _probe(self, destination: Destination, seen: SeenStanding) -> Probed:
        return ProbeDestination(self.destinations, self.gateways, self.clock)(destination, seen)

    def _then_relayed(self, probed: list[Probed]) -> tuple[list[Probed], Relayed | None]:
        has_resumed = any(each.has_resumed for each in probed)
        return probed, self.relay(now=self.clock()) if has_resumed else None
