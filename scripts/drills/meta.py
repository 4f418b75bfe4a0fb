"""Meta's stand-in, as a drill tells it how to fail."""

from typing import Any, Final

import requests

from scripts.drills.world import World
from scripts.local.plan import Place

_SECONDS: Final = 30
# So long does Meta, told to take its time, answer after it has taken an event.
ANSWERS_AFTER_SECONDS: Final = 0.3


class Meta:
    def __init__(self, world: World) -> None:
        self._door = world.doors[Place.META]
        self._faults = f"{world.url(Place.META)}/faults"

    def is_unreachable(self) -> None:
        """Refuse connections from now on, and reset those that there are."""
        self._door.shut()

    def fails(self, *faults: dict[str, Any]) -> None:
        """Fail so from the next call on: each in its turn, the last one until told otherwise."""
        *first, last = faults
        told = [*first, last | {"until_cleared": True}]
        requests.put(self._faults, json=told, timeout=_SECONDS).raise_for_status()
        self._door.open()

    def takes_its_time(self) -> None:
        """Take events at once and answer later, so that much is under way when something dies."""
        self.fails({"fault": "slow", "seconds": ANSWERS_AFTER_SECONDS})

    def is_well(self) -> None:
        requests.delete(self._faults, timeout=_SECONDS).raise_for_status()
        self._door.open()

    def has_spent_all_but_the_last(self) -> bool:
        pending = requests.get(self._faults, timeout=_SECONDS).json()["faults"]
        return len(pending) <= 1
