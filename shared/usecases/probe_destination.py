"""
Probe: find out whether a destination lets us in.

The probe reports nothing. One real debt would be as good a question, but its answer could come
too late to be written down, and a purchase is no tool for finding out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.conversions import Destination
from shared.domain.destinations import Standing
from shared.domain.outcomes import Deferred, Outcome
from shared.usecases.ports.destinations import Destinations, Gateways, SeenStanding

_TRIES = 4


@dataclass(frozen=True, slots=True)
class Probed:
    """
    How a destination stands after the run, and whether this run changed that.

    `outcome` is the probe's answer, None where none was needed.
    """

    destination: Destination
    standing: Standing
    outcome: Outcome | None = None
    has_paused: bool = False
    has_resumed: bool = False

    @property
    def reason(self) -> str | None:
        """Say why it is paused, or why nobody could find out how it stands."""
        if self.standing.reason is not None or not isinstance(self.outcome, Deferred):
            return self.standing.reason
        return self.outcome.detail or self.outcome.because


@dataclass(frozen=True, slots=True)
class ProbeDestination:
    """Asks one destination, whoever wants to know; of two at once one notes the change."""

    destinations: Destinations
    gateways: Gateways
    clock: Callable[[], datetime]

    def __call__(self, destination: Destination, seen: SeenStanding) -> Probed:
        began_at = self.clock()
        outcome = self.gateways[destination].probe()
        for _ in range(_TRIES):
            learnt = seen.standing.probed(outcome, began_at=began_at, now=self.clock())
            if self.destinations.replace(destination, seen, learnt):
                was, is_now = seen.standing.is_paused, learnt.is_paused
                return Probed(
                    destination,
                    learnt,
                    outcome,
                    has_paused=is_now and not was,
                    has_resumed=was and not is_now,
                )
            seen = self.destinations.find(destination)
        return Probed(destination, seen.standing, outcome)
