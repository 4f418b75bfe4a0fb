"""What every drill has: a world, its buyers, somebody who is told of the progress, and an end."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from scripts.drills import truth
from scripts.drills.log import Log
from scripts.drills.queues import Queues
from scripts.drills.shop import Buyer, Crowd, Shop
from scripts.drills.world import World
from scripts.local.processes import NotReadyError

_LOOKS_EVERY_SECONDS: Final = 1.0
_OPEN: Final = frozenset({"owed", "queued"})


@dataclass
class Stage:
    """
    One drill's run. `happened` is what the report says of the troubles: a name and a count.
    """

    world: World
    shop: Shop
    buyers: Sequence[Buyer]
    log: Log
    random: random.Random
    tell: Callable[[str], None]
    happened: dict[str, int] = field(default_factory=dict)

    def count(self, what: str, times: int = 1) -> int:
        """Add to what happened, and give how often it has by now."""
        self.happened[what] = self.happened.get(what, 0) + times
        return self.happened[what]

    def rest(self, seconds: float) -> None:
        """Let a moment that was drawn come; never a way to wait for something."""
        time.sleep(seconds)

    def wait_until(self, fact: Callable[[], bool], what: str) -> None:
        """Wait as long as so many payments may need; raise NotReadyError in the end."""
        self.world.wait_until(fact, within=120 + 2.0 * len(self.buyers), what=what)

    def serve(self, buyers: Sequence[Buyer]) -> None:
        """Serve buyers and come back when all of them are through."""
        crowd = self.shop.serve(buyers)
        self.wait_until(lambda: crowd.is_through, "the last buyer")

    def slices(self, count: int) -> list[Sequence[Buyer]]:
        """Divide the buyers into so many parts, in their order, none of them empty."""
        ends = [len(self.buyers) * part // count for part in range(count + 1)]
        return [self.buyers[a:b] for a, b in pairwise(ends) if a < b]

    def drain(self) -> "Drained":
        """
        Wait until nothing is owed any more, and then until no task is left on any queue.

        The first fact: all that Stripe settled is on the ledger, and every delivery is closed.
        Where a fact does not come true, the verdict will name what is missing.
        """
        began_at = time.monotonic()
        facts = {
            "a ledger without open deliveries": now_and_then(_Look(self).finds_all_closed),
            "empty queues": lambda: not Queues(self.world).pending(),
        }
        took: list[float | None] = []
        for what, fact in facts.items():
            try:
                self.wait_until(fact, what)
                took.append(time.monotonic() - began_at)
            except NotReadyError as error:
                self.tell(f"gave up waiting: {error}")
                took.append(None)
        return Drained(*took)


@dataclass(frozen=True, slots=True)
class Drained:
    """Seconds from the end of the trouble; None where that never came."""

    purchases_s: float | None
    queues_s: float | None


class _Look:
    """What the ledger says while it empties; each new state of it is told once."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._told = ""

    def finds_all_closed(self) -> bool:
        world = self._stage.world
        sold = len(truth.sold(world))
        states = Counter(entry.state for entry in truth.ledger(world).values())
        self._tell(states)
        return states.total() >= sold and not any(map(states.get, _OPEN))

    def _tell(self, states: Counter[str]) -> None:
        said = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        if said != self._told:
            self._stage.tell(f"the ledger: {said or 'empty'}")
            self._told = said


def now_and_then(fact: Callable[[], bool]) -> Callable[[], bool]:
    """Look at most once a second: to read the whole ledger is work for the store under test."""
    next_at = 0.0

    def rarely() -> bool:
        nonlocal next_at
        if time.monotonic() < next_at:
            return False
        found = fact()
        # Counted from the end of the look, so that a slow machine does more than looking.
        next_at = time.monotonic() + _LOOKS_EVERY_SECONDS
        return found

    return rarely


def paid_of(crowd: Crowd, count: int) -> Callable[[], bool]:
    """Make the fact that so many of a crowd are through, or all of a smaller one."""
    return lambda: crowd.paid >= count or crowd.is_through


def a_purchase_more(stage: Stage, crowd: Crowd) -> Callable[[], bool]:
    """
    Make the fact that Meta has a new purchase of which its sender has not heard yet.

    Nothing hurts more than to die now. Where the last purchase was faster, any moment will do.
    """
    before = len(truth.purchases_told(stage.world))
    return lambda: len(truth.purchases_told(stage.world)) > before or crowd.is_through
