"""The destinations: their doors, how each stands, and the events that one of them refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.conversions import Conversion, Destination
from shared.domain.dead_letters import DeadLetter, LetterState
from shared.domain.destinations import Standing
from shared.domain.outcomes import Outcome


class Gateway(Protocol):
    """A destination's door: one attempt, one outcome, never an exception."""

    def send(self, conversions: Sequence[Conversion]) -> Outcome: ...

    def probe(self) -> Outcome:
        """Ask whether a conversion would be let in, reporting nothing: Accepted or Deferred."""
        ...


Gateways = dict[Destination, Gateway]


@dataclass(frozen=True, slots=True)
class SeenStanding:
    """A standing as it was read, with the mark that says whether it changed since."""

    standing: Standing
    version: object


class Destinations(Protocol):
    """How each destination stands, the same for every function and instance."""

    def find(self, destination: Destination) -> SeenStanding:
        """Return what is stored; a destination nobody wrote of is running."""
        ...

    def replace(self, destination: Destination, seen: SeenStanding, standing: Standing) -> bool:
        """Store it if nobody wrote since `seen` was read; else False."""
        ...


class DeadLetters(Protocol):
    """The rejected events, as `dispatch` writes them."""

    def keep(self, letter: DeadLetter) -> None:
        """Store it; the same key again overwrites all but what persons did about it."""
        ...

    def end(self, key: str, state: LetterState, *, now: datetime) -> None:
        """Write down what a replay came to; do nothing where the letter is gone by now."""
        ...
